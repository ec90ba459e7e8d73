using System.CommandLine;
using System.Text.Json.Nodes;
using IngressController.Cli;
using IngressController.Configuration;
using Microsoft.Extensions.Configuration;

namespace IngressController.Tests.Charts;

/// <summary>Invariants of every rendering of the chart, with any values.</summary>
public sealed class ChartInvariantTests
{
    private static readonly string[] ClusterScoped = ["ClusterRole", "ClusterRoleBinding", "IngressClass"];

    public static TheoryData<string> Cases => ChartCase.Rows;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_object_has_the_usual_labels_and_a_namespace(string name) => Assert.All(new ChartCase(name).Objects, item =>
    {
        var labels = item["metadata"]!["labels"]!.AsObject();
        foreach (var label in (string[])["name", "instance", "component", "version", "managed-by"])
            Assert.False(string.IsNullOrEmpty((string?)labels[$"app.kubernetes.io/{label}"]), $"{ChartCase.Kind(item)} without {label}");
        Assert.StartsWith("yarp-ingress-", (string?)labels["helm.sh/chart"], StringComparison.Ordinal);
        Assert.Equal(ClusterScoped.Contains(ChartCase.Kind(item)), item["metadata"]!["namespace"] is null);
        Assert.True(ChartCase.NameOf(item).Length <= 63);
    });

    [Theory]
    [MemberData(nameof(Cases))]
    public void Names_of_objects_are_unique(string name)
    {
        var names = new ChartCase(name).Objects.Select(item => $"{ChartCase.Kind(item)} {item["metadata"]!["namespace"]}/{ChartCase.NameOf(item)}").ToArray();
        Assert.Equal(names.Distinct(), names);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_selector_matches_the_Pods(string name)
    {
        var chart = new ChartCase(name);
        var labels = chart.Workload["spec"]!["template"]!["metadata"]!["labels"]!.AsObject();
        var selectors = chart.Objects.Where(item => ChartCase.Kind(item) == "Service").Select(item => item["spec"]!["selector"]!)
            .Concat(chart.Objects.Select(item => item["spec"]?["selector"]?["matchLabels"] is { } own && ChartCase.Kind(item) is not "ServiceMonitor" ? own : null).OfType<JsonNode>())
            .Concat(chart.Objects.Select(item => item["spec"]?["podSelector"]?["matchLabels"]).OfType<JsonNode>())
            .Concat((chart.PodSpec["topologySpreadConstraints"]?.AsArray() ?? []).Select(constraint => constraint!["labelSelector"]!["matchLabels"]!))
            .ToArray();
        Assert.NotEmpty(selectors);
        Assert.All(selectors, selector => Assert.All(selector.AsObject(), label => Assert.Equal((string?)label.Value, (string?)labels[label.Key])));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_ServiceMonitor_selects_exactly_the_Service_of_the_admin_port(string name)
    {
        var objects = new ChartCase(name).Objects;
        foreach (var monitor in objects.Where(item => ChartCase.Kind(item) == "ServiceMonitor"))
        {
            var selector = monitor["spec"]!["selector"]!["matchLabels"]!.AsObject();
            var found = Assert.Single(objects, item => ChartCase.Kind(item) == "Service"
                && selector.All(label => (string?)item["metadata"]!["labels"]![label.Key] == (string?)label.Value));
            Assert.Equal(ChartCase.Text(monitor["spec"]!["endpoints"]![0]!["port"]), ChartCase.Text(Assert.Single(found["spec"]!["ports"]!.AsArray())!["name"]));
            Assert.Equal((string?)found["metadata"]!["namespace"], ChartCase.Text(Assert.Single(monitor["spec"]!["namespaceSelector"]!["matchNames"]!.AsArray())));
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_named_port_exists(string name)
    {
        var chart = new ChartCase(name);
        var ports = chart.Container["ports"]!.AsArray().Select(port => ChartCase.Text(port!["name"])).ToArray();
        var used = chart.Objects.Where(item => ChartCase.Kind(item) == "Service")
            .SelectMany(item => item["spec"]!["ports"]!.AsArray().Select(port => ChartCase.Text(port!["targetPort"])))
            .Concat(((string[])["startupProbe", "livenessProbe", "readinessProbe"]).Select(probe => chart.Container[probe]).OfType<JsonNode>()
                .Select(probe => ChartCase.Text(probe["httpGet"]!["port"])));
        Assert.All(used, port => Assert.Contains(port, ports));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Images_are_pinned(string name) => Assert.All(
        new ChartCase(name).PodSpec["containers"]!.AsArray(),
        container =>
        {
            var image = ChartCase.Text(container!["image"]);
            var last = image[(image.LastIndexOf('/') + 1)..];
            Assert.Contains(':', last);
            Assert.DoesNotContain(":latest", last, StringComparison.Ordinal);
        });

    /// <summary>Pods with ports of the node violate the level only by these, and with ports below 1024 also by running as root.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Pods_pass_the_Pod_Security_level_restricted(string name)
    {
        var chart = new ChartCase(name);
        string[] allowed = !chart.HoldsNodePorts ? []
            : name == "daemonset-low-ports" ? ["hostNetwork", "controller: runAsNonRoot", "controller: runAsUser"]
            : ["hostNetwork", "controller: hostPort"];
        Assert.Empty(RestrictedLevel.Findings(chart.PodSpec).Except(allowed));
        Assert.True(chart.Container["securityContext"]!["readOnlyRootFilesystem"]!.GetValue<bool>());
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Pods_have_enough_time_to_shut_down(string name)
    {
        var chart = new ChartCase(name);
        var shutdown = Options(chart.Arguments).Shutdown;
        Assert.True(chart.PodSpec["terminationGracePeriodSeconds"]!.GetValue<long>() >= (shutdown.Delay + shutdown.GracePeriod).TotalSeconds + 5);
    }

    /// <summary>
    /// The admin port is open within a second of the start. The kubelet compares the delay with the time since the start, truncated to whole
    /// seconds (normalizeStatus), so up to one second of the delay is lost. A probe before the port is open fails and becomes an Event.
    /// </summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void No_probe_is_sent_before_the_port_is_open(string name)
    {
        const long OpenWithinSeconds = 1;
        if (new ChartCase(name).Container["startupProbe"] is { } probe)
            Assert.InRange(probe["initialDelaySeconds"]!.GetValue<long>() - 1, OpenWithinSeconds, OpenWithinSeconds);
    }

    /// <summary>The program's own parser reads the arguments, so a renamed option or an invalid value fails here.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void The_program_accepts_its_arguments(string name)
    {
        var chart = new ChartCase(name);
        Assert.Equal("run", chart.Arguments[0]);
        var options = Options(chart.Arguments);
        long[] expected = [options.Listener.HttpPort, options.Listener.HttpsPort, options.Listener.AdminPort];
        Assert.Equal(expected, chart.Container["ports"]!.AsArray().Select(port => port!["containerPort"]!.GetValue<long>()));

        var services = chart.Objects.Where(item => ChartCase.Kind(item) == "Service").Select(item => $"{item["metadata"]!["namespace"]}/{ChartCase.NameOf(item)}").ToArray();
        Assert.Contains($"{options.Translation.ReplicasService}", services);
        if (options.Status.PublishService is { } published)
            Assert.Contains($"{published}", services);
        Assert.Equal(["POD_NAME", "POD_NAMESPACE"], chart.Container["env"]!.AsArray().Select(variable => ChartCase.Text(variable!["name"])).Take(2));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Only_status_Events_and_the_Lease_can_be_written(string name)
    {
        string[] changes = ["ingresses/status: patch", "events: create", "events: patch", "leases: create", "leases: patch"];
        var rules = new ChartCase(name).Objects.Where(item => ChartCase.Kind(item) is "Role" or "ClusterRole").SelectMany(role => role["rules"]!.AsArray());
        Assert.All(rules, rule =>
        {
            var granted = rule!["resources"]!.AsArray().SelectMany(resource => rule["verbs"]!.AsArray().Select(verb => $"{resource}: {verb}"));
            Assert.Empty(granted.Where(grant => grant.Split(": ")[1] is not ("get" or "list" or "watch")).Except(changes));
            Assert.DoesNotContain(rule["resources"]!.AsArray().Concat(rule["verbs"]!.AsArray()).Concat(rule["apiGroups"]!.AsArray()), text => (string?)text == "*");
        });
    }

    internal static IngressOptions Options(IReadOnlyList<string> arguments)
    {
        var flags = RunOptions.All.ToDictionary(option => option, option => new Option<string[]>(option.Flag) { AllowMultipleArgumentsPerToken = false });
        var command = new Command("run");
        foreach (var flag in flags.Values)
            command.Options.Add(flag);
        var parsed = new RootCommand { command }.Parse(RunFlags.Normalize([.. arguments]));
        Assert.Empty(parsed.Errors.Select(error => error.Message));
        return OptionLayers.Read(
            RunOptions.All, option => parsed.GetValue(flags[option]) ?? [], name => name == "POD_NAMESPACE" ? "yarp-ingress" : null,
            new ConfigurationBuilder().Build());
    }
}
