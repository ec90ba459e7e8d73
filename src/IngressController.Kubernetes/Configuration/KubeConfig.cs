using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using IngressController.Kubernetes.Serialization;
using k8s.Exceptions;

namespace IngressController.Kubernetes.Configuration;

/// <summary>An entry of a kubeconfig and its file, to which relative paths and messages refer.</summary>
internal sealed record KubeConfigEntry<T>(string File, string Name, T Value);

/// <summary>Merged kubeconfig files (the rules of client-go's clientcmd).</summary>
internal sealed record KubeConfig(
    IReadOnlyList<string> Files,
    string? CurrentContext,
    IReadOnlyDictionary<string, KubeConfigEntry<KubeConfigContext>> Contexts,
    IReadOnlyDictionary<string, KubeConfigEntry<KubeConfigCluster>> Clusters,
    IReadOnlyDictionary<string, KubeConfigEntry<KubeConfigUser>> Users)
{
    /// <exception cref="KubeConfigException">None of the files exists, or one does not parse.</exception>
    public static KubeConfig Load(IReadOnlyList<string> paths)
    {
        var existing = paths.Where(File.Exists).Select(Path.GetFullPath).ToArray();
        if (existing.Length == 0)
            throw new KubeConfigException($"kubeconfig {string.Join(", ", paths)} does not exist; pass an existing file");

        string? current = null;
        var contexts = new Dictionary<string, KubeConfigEntry<KubeConfigContext>>(StringComparer.Ordinal);
        var clusters = new Dictionary<string, KubeConfigEntry<KubeConfigCluster>>(StringComparer.Ordinal);
        var users = new Dictionary<string, KubeConfigEntry<KubeConfigUser>>(StringComparer.Ordinal);
        foreach (var path in existing)
        {
            var file = Parse(path);
            if (string.IsNullOrEmpty(current))
                current = file.CurrentContext;
            foreach (var entry in file.Contexts ?? [])
                contexts.TryAdd(entry.Name ?? "", new(path, entry.Name ?? "", entry.Context ?? new()));
            foreach (var entry in file.Clusters ?? [])
                clusters.TryAdd(entry.Name ?? "", new(path, entry.Name ?? "", entry.Cluster ?? new()));
            foreach (var entry in file.Users ?? [])
                users.TryAdd(entry.Name ?? "", new(path, entry.Name ?? "", entry.User ?? new()));
        }

        return new(existing, current, contexts, clusters, users);
    }

    private static KubeConfigFile Parse(string path)
    {
        try
        {
            using var text = File.OpenText(path);
            var documents = KubernetesYaml.LoadAll(text);
            return documents is [{ Root: { } root }, ..]
                ? root.Deserialize(KubeConfigJsonContext.Default.KubeConfigFile) ?? new()
                : new();
        }
        catch (Exception error) when (error is KubernetesYamlException or JsonException or IOException or UnauthorizedAccessException)
        {
            throw new KubeConfigException($"kubeconfig {path} cannot be read: {error.Message}", error);
        }
    }
}

internal sealed class KubeConfigFile
{
    [JsonPropertyName("current-context")]
    public string? CurrentContext { get; init; }

    public List<NamedContext>? Contexts { get; init; }

    public List<NamedCluster>? Clusters { get; init; }

    public List<NamedUser>? Users { get; init; }

    internal sealed record NamedContext(string? Name, KubeConfigContext? Context);

    internal sealed record NamedCluster(string? Name, KubeConfigCluster? Cluster);

    internal sealed record NamedUser(string? Name, KubeConfigUser? User);
}

internal sealed class KubeConfigContext
{
    public string? Cluster { get; init; }

    public string? User { get; init; }

    public string? Namespace { get; init; }
}

internal sealed class KubeConfigCluster
{
    public string? Server { get; init; }

    [JsonPropertyName("certificate-authority")]
    public string? CertificateAuthority { get; init; }

    [JsonPropertyName("certificate-authority-data")]
    public string? CertificateAuthorityData { get; init; }

    [JsonPropertyName("insecure-skip-tls-verify")]
    public bool InsecureSkipTlsVerify { get; init; }

    [JsonPropertyName("tls-server-name")]
    public string? TlsServerName { get; init; }

    [JsonPropertyName("proxy-url")]
    public string? ProxyUrl { get; init; }

    [JsonPropertyName("disable-compression")]
    public bool DisableCompression { get; init; }

    public List<NamedExtension>? Extensions { get; init; }

    internal sealed record NamedExtension(string? Name, JsonNode? Extension);
}

internal sealed class KubeConfigUser
{
    public string? Token { get; init; }

    public string? TokenFile { get; init; }

    public string? Username { get; init; }

    public string? Password { get; init; }

    [JsonPropertyName("client-certificate")]
    public string? ClientCertificate { get; init; }

    [JsonPropertyName("client-certificate-data")]
    public string? ClientCertificateData { get; init; }

    [JsonPropertyName("client-key")]
    public string? ClientKey { get; init; }

    [JsonPropertyName("client-key-data")]
    public string? ClientKeyData { get; init; }

    public string? As { get; init; }

    [JsonPropertyName("as-uid")]
    public string? AsUid { get; init; }

    [JsonPropertyName("as-groups")]
    public List<string>? AsGroups { get; init; }

    [JsonPropertyName("as-user-extra")]
    public Dictionary<string, List<string>>? AsUserExtra { get; init; }

    public KubeConfigExec? Exec { get; init; }

    [JsonPropertyName("auth-provider")]
    public JsonNode? AuthProvider { get; init; }
}

internal sealed class KubeConfigExec
{
    public string? ApiVersion { get; init; }

    public string? Command { get; init; }

    public List<string>? Args { get; init; }

    public List<Variable>? Env { get; init; }

    public string? InstallHint { get; init; }

    public bool ProvideClusterInfo { get; init; }

    public string? InteractiveMode { get; init; }

    internal sealed record Variable(string? Name, string? Value);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(KubeConfigFile))]
internal sealed partial class KubeConfigJsonContext : JsonSerializerContext;
