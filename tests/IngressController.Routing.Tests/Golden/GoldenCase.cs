using System.Text.Json.Nodes;
using IngressController.Kubernetes.Serialization;
using IngressController.Routing.Translation;

namespace IngressController.Routing.Tests.Golden;

/// <summary>
/// A folder with Kubernetes YAML (<c>in.yaml</c>, or <c>in.1.yaml</c>, <c>in.2.yaml</c> ... applied in turn) and the expected table and
/// diagnostics (<c>out.yaml</c>).
/// </summary>
internal sealed record GoldenCase(string Name, TranslationSettings Settings, IReadOnlyList<IReadOnlyList<JsonObject>> Steps)
{
    private const string SettingsPrefix = "# settings:";

    public string OutputFile => Path.Combine(RepositoryFolder.Cases, Name, "out.yaml");

    public IEnumerable<JsonObject> AllDocuments => Steps.SelectMany(documents => documents);

    /// <summary>Every folder with an input or an output, even an incomplete one, so that none is silently ignored.</summary>
    public static IEnumerable<string> AllNames =>
        Directory.EnumerateFiles(RepositoryFolder.Cases, "*.yaml", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(RepositoryFolder.Cases, Path.GetDirectoryName(file)!).Replace('\\', '/'))
            .Distinct()
            .Order(StringComparer.Ordinal);

    public static TheoryData<string> AllRows => [.. AllNames];

    public static GoldenCase Load(string name)
    {
        var files = Directory.GetFiles(Path.Combine(RepositoryFolder.Cases, name), "in*.yaml").Order(StringComparer.Ordinal).ToArray();
        Assert.True(files.Length > 0, $"{name} has no in.yaml");
        return Parse(name, files.Select(File.ReadAllText));
    }

    public static GoldenCase Parse(string name, IEnumerable<string> inputs)
    {
        var texts = inputs.ToArray();
        var steps = texts.Select(text => KubernetesYaml.LoadAll(new StringReader(text)).Select(document => document.Root!.AsObject()).ToList()).ToList();
        var settings = ReadSettings(texts[0].Split('\n')[0], out var noClass);
        if (!noClass && !steps[0].Exists(document => IsKind(document, "IngressClass") && NameOf(document) == "yarp"))
            steps[0].Insert(0, OurClass(settings));
        return new GoldenCase(name, settings, steps);
    }

    public TestCluster BuildCluster()
    {
        var cluster = new TestCluster();
        foreach (var document in AllDocuments)
            cluster.Apply(document);
        return cluster;
    }

    public IngressController.Routing.Translation.Translation Translate() =>
        RoutingTableTranslator.Translate(BuildCluster().Snapshot, Settings);

    public static bool IsKind(JsonObject document, string kind) => (string?)document["kind"] == kind;

    public static string NameOf(JsonObject document) => (string?)document["metadata"]?["name"] ?? "";

    private static JsonObject OurClass(TranslationSettings settings) => new()
    {
        ["apiVersion"] = "networking.k8s.io/v1",
        ["kind"] = "IngressClass",
        ["metadata"] = new JsonObject { ["name"] = "yarp" },
        ["spec"] = new JsonObject { ["controller"] = settings.ControllerClass },
    };

    private static TranslationSettings ReadSettings(string firstLine, out bool noClass)
    {
        noClass = false;
        var settings = new TranslationSettings();
        if (!firstLine.StartsWith(SettingsPrefix, StringComparison.Ordinal))
            return settings;

        foreach (var pair in firstLine[SettingsPrefix.Length..].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var (key, value) = pair.Split('=') is [var k, var v] ? (k, v) : throw new FormatException($"settings: {pair}");
            noClass |= key == "noClass" && bool.Parse(value);
            settings = key switch
            {
                "noClass" => settings,
                "controllerClass" => settings with { ControllerClass = value },
                "ingressClass" => settings with { IngressClass = value },
                "watchIngressWithoutClass" => settings with { WatchIngressWithoutClass = bool.Parse(value) },
                "allowExternalNameLoopback" => settings with { AllowExternalNameLoopback = bool.Parse(value) },
                "annotationPrefixes" => settings with { AnnotationPrefixes = [.. value.Split(';')] },
                "defaultBackendService" => settings with { DefaultBackendService = ParseName(value) },
                "configMap" => settings with { ConfigMap = ParseName(value) },
                "replicasService" => settings with { ReplicasService = ParseName(value) },
                "defaultSslCertificate" => settings with { DefaultSslCertificate = ParseName(value) },
                _ => throw new FormatException($"settings: {key} is not known"),
            };
        }

        return settings;
    }

    private static ResourceName ParseName(string value) =>
        ResourceName.TryParse(value, out var name) ? name : throw new FormatException($"settings: {value} is not NAMESPACE/NAME");
}
