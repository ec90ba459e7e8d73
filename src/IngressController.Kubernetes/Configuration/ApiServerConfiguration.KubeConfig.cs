using k8s.Exceptions;

namespace IngressController.Kubernetes.Configuration;

public sealed partial record ApiServerConfiguration
{
    /// <summary>
    /// The configuration one context of some kubeconfig files names, merged as kubectl does it: of entries with the same name the
    /// first file's wins, and so does the first current-context. Relative paths are relative to the file that holds them.
    /// </summary>
    /// <param name="paths">The files; those that do not exist are skipped as long as one does.</param>
    /// <param name="context">The context's name; null is the current one.</param>
    /// <exception cref="KubeConfigException">No file exists, one does not parse, or an entry is missing or contradicts itself.</exception>
    public static ApiServerConfiguration BuildConfigFromConfigFile(IReadOnlyList<string> paths, string? context = null) =>
        KubeConfigReader.Build(KubeConfig.Load(paths), context);

    /// <summary>
    /// What a program without flags should use: the given kubeconfig, else the pod's own service account, else the files of
    /// KUBECONFIG, else <c>~/.kube/config</c>.
    /// </summary>
    /// <param name="kubeconfigPath">One file, or several as KUBECONFIG lists them; null or empty when none was named.</param>
    /// <param name="context">The context of the kubeconfig; null is the current one.</param>
    /// <exception cref="KubeConfigException">There is no configuration, or it cannot be used.</exception>
    public static ApiServerConfiguration BuildDefaultConfig(
        string? kubeconfigPath, string? context, Func<string, string?>? environment = null)
    {
        environment ??= Environment.GetEnvironmentVariable;
        if (!string.IsNullOrEmpty(kubeconfigPath))
            return BuildConfigFromConfigFile(SplitPaths(kubeconfigPath), context);
        if (IsInCluster(environment: environment))
            return InClusterConfig(environment: environment);
        if (environment("KUBECONFIG") is { Length: > 0 } listed)
            return BuildConfigFromConfigFile(SplitPaths(listed), context);

        var home = environment("HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var usual = Path.Combine(home, ".kube", "config");
        return File.Exists(usual)
            ? BuildConfigFromConfigFile([usual], context)
            : throw new KubeConfigException(
                $"no cluster is configured: this is no pod, KUBECONFIG is not set and {usual} does not exist; name a kubeconfig");
    }

    private static string[] SplitPaths(string list) =>
        list.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
