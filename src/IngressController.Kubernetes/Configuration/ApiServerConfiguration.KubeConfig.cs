using k8s.Exceptions;

namespace IngressController.Kubernetes.Configuration;

public sealed partial record ApiServerConfiguration
{
    /// <summary>
    /// Returns the configuration of one context of kubeconfig files, merged as kubectl does: of entries with the same name, the first
    /// file's takes precedence, and so does the first current-context. Relative paths are relative to the file that contains them.
    /// </summary>
    /// <param name="paths">The files; missing ones are ignored as long as one exists.</param>
    /// <param name="context">The context's name; null for the current one.</param>
    /// <exception cref="KubeConfigException">No file exists, one does not parse, or an entry is missing or contradicts itself.</exception>
    public static ApiServerConfiguration BuildConfigFromConfigFile(IReadOnlyList<string> paths, string? context = null) =>
        KubeConfigReader.Build(KubeConfig.Load(paths), context);

    /// <summary>
    /// Returns the configuration from the given kubeconfig; without one, from the first of these that is present: the Pod's service
    /// account, KUBECONFIG, <c>~/.kube/config</c>.
    /// </summary>
    /// <param name="kubeconfigPath">One file, or several as KUBECONFIG lists them; null or empty if none was given.</param>
    /// <param name="context">The context of the kubeconfig; null for the current one.</param>
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
        var defaultPath = Path.Combine(home, ".kube", "config");
        return File.Exists(defaultPath)
            ? BuildConfigFromConfigFile([defaultPath], context)
            : throw new KubeConfigException(
                $"no cluster is configured: not running in a Pod, KUBECONFIG is not set and {defaultPath} does not exist; pass a kubeconfig");
    }

    private static string[] SplitPaths(string list) =>
        list.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
