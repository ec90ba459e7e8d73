using System.Text.Json.Nodes;
using IngressController.Kubernetes.Serialization;

namespace IngressController.Tests.Charts;

/// <summary>A folder of tests/charts: values of the chart (<c>values.yaml</c>) and their rendering (<c>rendered.yaml</c>).</summary>
internal sealed record ChartCase(string Name)
{
    /// <summary>The folder of value files that are rejected.</summary>
    public const string InvalidFolder = "invalid";

    public static IEnumerable<string> Names => Directory.EnumerateDirectories(RepositoryFile.Cases)
        .Select(folder => Path.GetFileName(folder)).Where(name => name != InvalidFolder).Order(StringComparer.Ordinal);

    public static IEnumerable<string> InvalidNames => Directory.EnumerateFiles(Path.Combine(RepositoryFile.Cases, InvalidFolder))
        .Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal);

    public static TheoryData<string> Rows => [.. Names];

    public string ValuesFile => Path.Combine(RepositoryFile.Cases, Name, "values.yaml");

    public string RenderedFile => Path.Combine(RepositoryFile.Cases, Name, "rendered.yaml");

    /// <summary>The objects of the committed rendering.</summary>
    public IReadOnlyList<JsonObject> Objects => Parse(File.ReadAllText(RenderedFile));

    /// <summary>The Deployment or DaemonSet.</summary>
    public JsonObject Workload => Objects.Single(item => Kind(item) is "Deployment" or "DaemonSet");

    public JsonObject PodSpec => Workload["spec"]!["template"]!["spec"]!.AsObject();

    public JsonObject Container => PodSpec["containers"]!.AsArray().Select(container => container!.AsObject()).Single(container => Text(container["name"]) == "controller");

    public string[] Arguments => [.. Container["args"]!.AsArray().Select(argument => Text(argument))];

    public static IReadOnlyList<JsonObject> Parse(string yaml) =>
        [.. KubernetesYaml.LoadAll(new StringReader(yaml)).Select(document => document.Root!.AsObject())];

    public static string Kind(JsonObject item) => Text(item["kind"]);

    public static string NameOf(JsonObject item) => Text(item["metadata"]!["name"]);

    public static string Text(JsonNode? node) => node!.GetValue<string>();

    /// <summary>True if the Pods use ports of their node, which Pod Security levels do not allow.</summary>
    public bool HoldsNodePorts => Container["ports"]!.AsArray().Any(port => port!["hostPort"] is not null) || PodSpec["hostNetwork"] is not null;
}
