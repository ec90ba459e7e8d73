namespace IngressController.ClusterTests.Fixture;

/// <summary>The paths of etcd and kube-apiserver, by the convention of envtest.</summary>
internal static class ClusterAssets
{
    private const string Variable = "KUBEBUILDER_ASSETS";

    public static string Folder { get; } =
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder ? Path.GetFullPath(folder) : "/usr/local/kubebuilder/bin";

    public static string Etcd => Path.Combine(Folder, "etcd");

    public static string ApiServer => Path.Combine(Folder, "kube-apiserver");

    /// <summary>The CRD for API servers older than 1.21, which do not have discovery.k8s.io/v1.</summary>
    public static string EndpointSlicesCrd => Path.Combine(Folder, "endpointslices-crd.yaml");

    /// <summary>The reason why there is no API server to test against; null if there is one.</summary>
    public static string? Missing { get; } =
        new[] { Etcd, ApiServer }.FirstOrDefault(path => !File.Exists(path)) is { } path
            ? $"no API server to test against: {path} does not exist; set {Variable} to the folder of etcd and kube-apiserver"
            : null;
}

/// <summary>A test that needs a real API server; skipped with the reason if there is none.</summary>
internal sealed class ClusterFactAttribute : FactAttribute
{
    public ClusterFactAttribute() => Skip = ClusterAssets.Missing;
}
