using k8s.Exceptions;

namespace IngressController.Kubernetes.Configuration;

public sealed partial record ApiServerConfiguration
{
    /// <summary>Where the kubelet puts a pod's token, CA and namespace.</summary>
    public const string ServiceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>Whether this process runs in a pod that has a service account's token.</summary>
    /// <param name="directory">The service account's directory; null is the usual one.</param>
    /// <param name="environment">Reads an environment variable; null is the process's own.</param>
    public static bool IsInCluster(string? directory = null, Func<string, string?>? environment = null)
    {
        environment ??= Environment.GetEnvironmentVariable;
        return !string.IsNullOrEmpty(environment("KUBERNETES_SERVICE_HOST"))
            && !string.IsNullOrEmpty(environment("KUBERNETES_SERVICE_PORT"))
            && File.Exists(Path.Combine(directory ?? ServiceAccountDirectory, "token"));
    }

    /// <summary>
    /// The configuration of a pod: KUBERNETES_SERVICE_HOST and _PORT, and the files of its service account, which are read again
    /// when they change. The namespace is POD_NAMESPACE where set, else the service account's.
    /// </summary>
    /// <inheritdoc cref="IsInCluster" path="/param"/>
    /// <exception cref="KubeConfigException">A variable or a file is missing.</exception>
    public static ApiServerConfiguration InClusterConfig(string? directory = null, Func<string, string?>? environment = null)
    {
        environment ??= Environment.GetEnvironmentVariable;
        directory ??= ServiceAccountDirectory;
        var host = environment("KUBERNETES_SERVICE_HOST");
        var port = environment("KUBERNETES_SERVICE_PORT");
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port))
        {
            throw new KubeConfigException(
                "not running in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; outside of a cluster name a kubeconfig");
        }

        var token = Path.Combine(directory, "token");
        if (!File.Exists(token))
        {
            throw new KubeConfigException(
                $"{token} is missing: give the pod a service account and do not set automountServiceAccountToken to false");
        }

        // An IPv6 address comes without brackets, which a URL needs.
        var authority = host.Contains(':') && !host.StartsWith('[') ? $"[{host}]" : host;
        if (!Uri.TryCreate($"https://{authority}:{port}", UriKind.Absolute, out var server))
            throw new KubeConfigException($"KUBERNETES_SERVICE_HOST '{host}' and KUBERNETES_SERVICE_PORT '{port}' make no URL");

        var authorities = Path.Combine(directory, "ca.crt");
        return new ApiServerConfiguration
        {
            Host = server,
            CertificateAuthority = File.Exists(authorities) ? new PemSource.InFile(authorities) : null,
            Token = new TokenSource.InFile(token),
            CurrentNamespace = environment("POD_NAMESPACE") is { Length: > 0 } own ? own : ReadNamespace(directory),
            Warnings = File.Exists(authorities)
                ? []
                : [$"{authorities} is missing: the API server's certificate is checked against the system's authorities"],
        };
    }

    /// <summary>The namespace of the service account, where this process runs in a Pod; null elsewhere.</summary>
    /// <inheritdoc cref="IsInCluster" path="/param"/>
    public static string? InClusterNamespace(string? directory = null, Func<string, string?>? environment = null) =>
        IsInCluster(directory, environment) ? ReadNamespace(directory ?? ServiceAccountDirectory) : null;

    /// <summary>The token of the service account, where this process runs in a Pod and can read it; null elsewhere.</summary>
    /// <inheritdoc cref="IsInCluster" path="/param"/>
    public static string? InClusterToken(string? directory = null, Func<string, string?>? environment = null)
    {
        try
        {
            return IsInCluster(directory, environment) ? File.ReadAllText(Path.Combine(directory ?? ServiceAccountDirectory, "token")) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null; // the connection, which needs it, says so and tries again
        }
    }

    private static string? ReadNamespace(string directory)
    {
        var path = Path.Combine(directory, "namespace");
        return File.Exists(path) && File.ReadAllText(path).Trim() is { Length: > 0 } name ? name : null;
    }
}
