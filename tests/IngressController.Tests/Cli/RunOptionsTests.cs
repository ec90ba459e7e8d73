using System.Text;
using IngressController.Cli;
using IngressController.Configuration;
using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;
using Microsoft.Extensions.Configuration;

namespace IngressController.Tests.Cli;

public sealed class RunOptionsTests
{
    /// <summary>For each option two good values, the second not its default, and a bad one; null where every text is good.</summary>
    private static readonly Dictionary<string, (string Good, string Other, string? Bad)> Values = new()
    {
        ["manifests"] = ("/", "/tmp", "/nonexistent"),
        ["kubeconfig"] = ("a", "b", null),
        ["context"] = ("a", "b", null),
        ["watch-namespace"] = ("a", "b", null),
        ["ingress-class"] = ("a", "b", null),
        ["controller-class"] = ("a", "b", null),
        ["watch-ingress-without-class"] = ("true", "false", "yes"),
        ["http-port"] = ("1", "65535", "65536"),
        ["https-port"] = ("1", "0", "-1"),
        ["admin-port"] = ("1", "2", "x"),
        ["bind-address"] = ("127.0.0.1", "::1", "localhost"),
        ["server-header"] = ("false", "true", "1"),
        ["default-ssl-certificate"] = ("a/b", "a/c", "a"),
        ["default-backend-service"] = ("a/b", "a/c", "a/b/c"),
        ["configmap"] = ("a/b", "a/c", "a"),
        ["replicas-service"] = ("a/b", "a/c", "a/b/c"),
        ["allow-external-name-loopback"] = ("true", "false", "on"),
        ["proxy-connect-timeout"] = ("1", "0.5", "0"),
        ["proxy-read-timeout"] = ("1", "2", "1s"),
        ["annotation-prefix"] = ("a.example", "b", "a/b"),
        ["log-level"] = ("debug", "warning", "Trace"),
        ["limit-status-code"] = ("429", "503", "200"),
        ["publish-service"] = ("a/b", "a/c", "a"),
        ["publish-status-address"] = ("192.0.2.1", "edge.example", "https://edge.example"),
        ["update-status"] = ("false", "true", "no"),
        ["update-status-on-shutdown"] = ("true", "false", "no"),
        ["emit-events"] = ("false", "true", "no"),
        ["leader-elect"] = ("false", "true", "no"),
        ["leader-elect-resource-name"] = ("a", "b.c", "A"),
        ["leader-elect-lease-duration"] = ("30", "20", "0"),
        ["leader-elect-renew-deadline"] = ("11", "12", "x"),
        ["leader-elect-retry-period"] = ("1", "3", "-1"),
        ["initial-sync-timeout"] = ("0", "1", "-1"),
        ["shutdown-delay"] = ("0", "1", "-1"),
        ["shutdown-grace-period"] = ("0.5", "1", "30s"),
    };

    public static TheoryData<string> Names { get; } = [.. RunOptions.Own.Select(option => option.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_layer_sets_the_option_and_the_nearer_one_wins(string name)
    {
        var option = RunOptions.All.Single(option => option.Name == name);
        Assert.True(Values.TryGetValue(name, out var value), $"give --{name} its values in this test");
        var fromFlag = Read(option, flag: value.Good);
        var defaults = Read(option);

        Assert.NotEqual(Text(defaults), Text(fromFlag));
        Assert.Equal(value.Good, OptionValues.Text(option.Value(fromFlag)));
        Assert.Equal(Text(fromFlag), Text(Read(option, environment: value.Good)));
        Assert.Equal(Text(fromFlag), Text(Read(option, appSettings: value.Good)));
        Assert.Equal(Text(fromFlag), Text(Read(option, flag: value.Good, environment: value.Other, appSettings: value.Other)));
        Assert.Equal(Text(fromFlag), Text(Read(option, environment: value.Good, appSettings: value.Other)));
        Assert.Equal(Text(defaults), Text(Read(option, environment: "")));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_bad_value_is_named_with_its_place(string name)
    {
        var option = RunOptions.All.Single(option => option.Name == name);
        var bad = Values[name].Bad ?? "";

        Assert.StartsWith($"--{name}: ", Assert.Throws<FormatException>(() => Read(option, flag: bad)).Message, StringComparison.Ordinal);
        if (bad.Length == 0)
            return;
        Assert.StartsWith($"{option.EnvironmentVariable}: ", Assert.Throws<FormatException>(() => Read(option, environment: bad)).Message, StringComparison.Ordinal);
        Assert.StartsWith($"appsettings {option.AppSettingsKey}: ", Assert.Throws<FormatException>(() => Read(option, appSettings: bad)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_default_comes_from_the_value_and_can_be_given(string name)
    {
        var option = RunOptions.All.Single(option => option.Name == name);

        Assert.DoesNotContain("default", option.Description, StringComparison.OrdinalIgnoreCase);
        if (option.DefaultValue is not { } value)
            return;
        Assert.Equal("none", option.Unset);
        Assert.Equal(Text(new IngressOptions()), Text(Read(option, environment: value) with { Pod = new PodOptions() }));
    }

    [Fact]
    public void A_repeatable_option_is_a_list_in_every_layer()
    {
        var option = RunOptions.All.Single(option => option.Name == "watch-namespace");

        Assert.Equal(["a", "b"], OptionLayers.Read([option], _ => ["a", "b"], _ => null, Settings("{}")).Source.WatchNamespaces);
        Assert.Equal(["a", "b"], Read(option, environment: "a, b,").Source.WatchNamespaces);
        Assert.Equal(["a", "b"], Read(option, appSettings: "a,b").Source.WatchNamespaces);
        Assert.Equal(["a", "b"], OptionLayers.Read([option], _ => [], _ => null, Settings("""{"Ingress": {"WatchNamespace": ["a", "b"]}}""")).Source.WatchNamespaces);
    }

    [Theory]
    [InlineData("leader-elect-lease-duration", "10", "--leader-elect-lease-duration must be longer than --leader-elect-renew-deadline")]
    [InlineData("leader-elect-renew-deadline", "15", "--leader-elect-lease-duration must be longer than --leader-elect-renew-deadline")]
    [InlineData("leader-elect-retry-period", "9", "--leader-elect-renew-deadline must be longer than 1.2 times --leader-elect-retry-period")]
    public void A_leader_must_notice_that_it_leads_no_more_before_another_takes_over(string name, string value, string message)
    {
        var option = RunOptions.All.Single(option => option.Name == name);

        Assert.Equal(message, Assert.Throws<FormatException>(() => Read(option, flag: value)).Message);
    }

    [Fact]
    public void The_Pod_is_known_by_the_names_of_the_downward_API()
    {
        var pod = OptionLayers.Read([], _ => [], name => name switch { "POD_NAME" => "a", "POD_NAMESPACE" => "b", _ => null }, Settings("{}")).Pod;

        Assert.Equal(new PodOptions { Name = "a", Namespace = "b" }, pod);
        Assert.Equal(new PodOptions(), OptionLayers.Read([], _ => [], _ => null, Settings("{}")).Pod);
    }

    [Fact]
    public void Prefixes_of_annotations_replace_those_that_are_read_by_default()
    {
        var option = RunOptions.All.Single(option => option.Name == "annotation-prefix");
        string[] Prefixes(params string[] values) => [.. OptionLayers.Read([option], _ => values, _ => null, Settings("{}")).Translation.AnnotationPrefixes];

        Assert.Equal(["yarp.ingress.kubernetes.io", "nginx.ingress.kubernetes.io"], Prefixes());
        Assert.Equal(["a.example"], Prefixes("a.example"));
        Assert.Equal(
            ["yarp.ingress.kubernetes.io", "nginx.ingress.kubernetes.io", "a.example"],
            Prefixes("yarp.ingress.kubernetes.io", "nginx.ingress.kubernetes.io", "a.example"));
    }

    [Theory]
    [InlineData("a.example/")]
    [InlineData("A.example")]
    [InlineData("-a.example")]
    [InlineData("a-.example")]
    [InlineData("a..example")]
    [InlineData(".example")]
    [InlineData("a.example\n")]
    [InlineData("a_b.example")]
    public void A_prefix_of_annotations_is_a_DNS_name(string prefix)
    {
        var option = RunOptions.All.Single(option => option.Name == "annotation-prefix");

        Assert.Contains("is not an annotation prefix", Assert.Throws<FormatException>(() => Read(option, flag: prefix)).Message, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => Read(option, flag: new string('a', 64)));
        Assert.Throws<FormatException>(() => Read(option, flag: string.Join('.', Enumerable.Repeat("abc", 64))));
    }

    [Fact]
    public void A_setting_is_an_option_too_unless_an_option_has_the_name()
    {
        var taken = SettingKey.Of("http-port", ValueForms.Text, "-", "Test.", (settings, _) => settings);
        var flag = SettingKey.Of("some-flag", ValueForms.Boolean, "false", "Test.", (settings, value) => settings with { LimitConnStatusCode = value ? 1 : 2 });

        var option = Assert.Single(SettingOptions.Of([taken, flag], RunOptions.Own));

        Assert.Equal(("--some-flag", "INGRESS_SOME_FLAG", "Ingress:SomeFlag", true, true), (option.Flag, option.EnvironmentVariable, option.AppSettingsKey, option.IsSwitch, option.IsHidden));
        Assert.Equal(1, Read(option, [option], flag: "true").Translation.Global.LimitConnStatusCode);
        Assert.Equal(2, Read(option, [option], environment: "false").Translation.Global.LimitConnStatusCode);
        Assert.Equal(
            "--some-flag: \"yes\" is neither true nor false", Assert.Throws<FormatException>(() => Read(option, [option], flag: "yes")).Message);
    }

    [Fact]
    public void Each_setting_is_an_option_of_every_verb_that_translates()
    {
        var names = SettingsCatalog.All.Select(setting => setting.Name).ToArray();

        Assert.All([RunOptions.All, RunOptions.Demo, RunOptions.Lint, RunOptions.Explain], options =>
            Assert.Empty(names.Except(options.Select(option => option.Name)).Except(RunOptions.Own.Select(option => option.Name))));
        Assert.Empty(RunOptions.All.GroupBy(option => option.Name).Where(group => group.Count() > 1).Select(group => group.Key));
    }

    [Fact]
    public void The_status_of_both_limits_is_one_option_over_which_each_setting_goes()
    {
        var options = OptionLayers.Read(
            RunOptions.All, option => option.Name switch { "limit-status-code" => ["429"], "limit-conn-status-code" => ["430"], _ => [] }, _ => null, Settings("{}"));

        Assert.Equal((429, 430), (options.Translation.Global.LimitReqStatusCode, options.Translation.Global.LimitConnStatusCode));
    }

    [Fact]
    public void Numbers_and_booleans_of_appsettings_need_no_quotes()
    {
        var options = OptionLayers.Read(RunOptions.All, _ => [], _ => null, Settings("""{"Ingress": {"HttpPort": 81, "ServerHeader": false}}"""));

        Assert.Equal((81, false), (options.Listener.HttpPort, options.Listener.ServerHeader));
    }

    [Fact]
    public void An_unknown_key_of_appsettings_is_no_silent_typo()
    {
        var error = Assert.Throws<FormatException>(() => OptionLayers.Read(RunOptions.All, _ => [], _ => null, Settings("""{"Ingress": {"HtpPort": 81}}""")));

        Assert.StartsWith("appsettings Ingress:HtpPort: there is no such option", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Unrecognized command or argument '--bogus'", "--bogus")]
    [InlineData("Unrecognized command or argument 'serve'", "serve")]
    [InlineData("Unrecognized command or argument 'maybe'", "--server-header", "maybe")]
    [InlineData("--server-header: \"maybe\" is neither true nor false", "--server-header=maybe")]
    [InlineData("Required argument missing for option: '--http-port'", "--http-port")]
    [InlineData("--http-port: \"x\" is not a port", "run", "--http-port", "x")]
    [InlineData("--http-port: \"x\" is not a port", "--http-port", "x", "demo")]
    [InlineData("--http-port: given 2 times; give it once", "--http-port", "1", "--http-port=2")]
    [InlineData("--http-port: given 2 times; give it once", "--http-port", "1", "run", "--http-port", "2")]
    [InlineData("--server-header: given 2 times; give it once", "--server-header", "--server-header")]
    [InlineData("--manifests: no folder \"/nonexistent\" exists", "--manifests", "/nonexistent")]
    [InlineData("--kubeconfig: demo has no such option", "--kubeconfig", "x", "demo")]
    [InlineData("Unrecognized command or argument '--kubeconfig'", "demo", "--kubeconfig", "x")]
    [InlineData("--limit-req-status-code: \"x\" is not a whole number", "--limit-req-status-code", "x")]
    [InlineData("--limit-req-status-code: \"x\" is not a whole number", "lint", "-", "--limit-req-status-code", "x")]
    [InlineData("--annotation-prefix: \"a/\" is not an annotation prefix", "--annotation-prefix", "b.example", "--annotation-prefix", "a/")]
    [InlineData("--http-port: annotations has no such option", "--http-port", "80", "annotations")]
    [InlineData("--manifests and --kubeconfig exclude each other", "--manifests", "/", "--kubeconfig", "x")]
    public async Task A_usage_error_is_one_line_and_exit_code_2(string expected, params string[] args)
    {
        var (code, text, error) = await CommandRun.InvokeAsync(args);

        Assert.Equal((2, ""), (code, text));
        Assert.Contains(expected, Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--x=1", "--x=1")]
    [InlineData("--server-header=true|demo", "--server-header", "demo")]
    [InlineData("--server-header|False|demo", "--server-header", "False", "demo")]
    [InlineData("--server-header=true", "--server-header")]
    public void A_switch_takes_the_next_argument_only_when_it_is_its_value(string expected, params string[] args) =>
        Assert.Equal(expected, string.Join('|', RunFlags.Normalize(args)));

    [Fact]
    public async Task Help_lists_every_verb_and_every_option_with_its_environment_variable()
    {
        var (code, text, _) = await CommandRun.InvokeAsync(["--help"]);

        Assert.Equal(0, code);
        Assert.All(RunOptions.Own, option => Assert.Contains($"[env: {option.EnvironmentVariable}]", text, StringComparison.Ordinal));
        Assert.All(RunOptions.Own, option => Assert.Contains($"  {option.Flag} <{option.ValueName}>", text, StringComparison.Ordinal));
        Assert.Contains("Port for HTTP. 0 takes a free port. Default: 8080. [env: INGRESS_HTTP_PORT]", text, StringComparison.Ordinal);
        Assert.All(["run ", "demo ", "lint <PATH>", "explain <URL>", "annotations <NAME>", "settings <NAME>", "--version", "appsettings.json"], word => Assert.Contains(word, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Version_is_one_line()
    {
        var (code, text, _) = await CommandRun.InvokeAsync(["--version"]);

        Assert.Equal(0, code);
        Assert.Matches(@"^\d+\.\d+\.\d+\S*\n$", text);
    }

    private static IngressOptions Read(RunOption option, string? flag = null, string? environment = null, string? appSettings = null) =>
        OptionLayers.Read(
            RunOptions.All,
            other => other == option && flag is not null ? [flag] : [],
            name => name == option.EnvironmentVariable ? environment : null,
            new ConfigurationBuilder().AddInMemoryCollection([new(option.AppSettingsKey, appSettings)]).Build());

    private static IngressOptions Read(RunOption option, RunOption[] accepted, string? flag = null, string? environment = null) => OptionLayers.Read(
        accepted,
        other => other == option && flag is not null ? [flag] : [],
        name => name == option.EnvironmentVariable ? environment : null,
        Settings("{}"));

    private static string Text(IngressOptions options) => $"{options} {string.Join(',', options.Source.WatchNamespaces)}";

    private static IConfigurationRoot Settings(string json) =>
        new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json))).Build();
}
