using k8s.Exceptions;

namespace IngressController.Kubernetes.Configuration;

public sealed partial record ApiServerConfiguration
{
    /// <summary>The directory in which the kubelet puts a Pod's token, CA and namespace.</summary>
    public const string ServiceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>Returns true if this process runs in a Pod that has a service account token.</summary>
    /// <param name="directory">The service account's directory; null for the default.</param>
    /// <param name="environment">Reads an environment variable; null for those of the process.</param>
    public static bool IsInCluster(string? directory = null, Func<string, string?>? environment = null)
    {
        environment ??= Environment.GetEnvironmentVariable;
        return !string.IsNullOrEmpty(environment("KUBERNETES_SERVICE_HOST"))
            && !string.IsNullOrEmpty(environment("KUBERNETES_SERVICE_PORT"))
            && File.Exists(Path.Combine(directory ?? ServiceAccountDirectory, "token"));
    }

    /// <summary>
    /// Returns the configuration of a Pod: KUBERNETES_SERVICE_HOST and _PORT, and the files of its service account, which are reloaded when
    /// they change. The namespace is POD_NAMESPACE if set, otherwise the service account's.
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
                "not running in a Pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; outside of a cluster, pass a kubeconfig");
        }

        var token = Path.Combine(directory, "token");
        if (!File.Exists(token))
        {
            throw new KubeConfigException(
                $"{token} is missing: give the Pod a service account and do not set automountServiceAccountToken to false");
        }

        // An IPv6 address comes without brackets, which a URL needs.
        var authority = host.Contains(':') && !host.StartsWith('[') ? $"[{host}]" : host;
        if (!Uri.TryCreate($"https://{authority}:{port}", UriKind.Absolute, out var server))
            throw new KubeConfigException($"KUBERNETES_SERVICE_HOST '{host}' and KUBERNETES_SERVICE_PORT '{port}' are not a valid URL");

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

    /// <summary>Returns the namespace of the service account if this process runs in a Pod, otherwise null.</summary>
    /// <inheritdoc cref="IsInCluster" path="/param"/>
    public static string? InClusterNamespace(string? directory = null, Func<string, string?>? environment = null) =>
        IsInCluster(directory, environment) ? ReadNamespace(directory ?? ServiceAccountDirectory) : null;

    /// <summary>Returns the token of the service account if this process runs in a Pod and can read it, otherwise null.</summary>
    /// <inheritdoc cref="IsInCluster" path="/param"/>
    public static string? InClusterToken(string? directory = null, Func<string, string?>? environment = null)
    {
        try
        {
            return IsInCluster(directory, environment) ? File.ReadAllText(Path.Combine(directory ?? ServiceAccountDirectory, "token")) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null; // the connection, which needs the token, reports the error and retries
        }
    }

    private static string? ReadNamespace(string directory)
    {
        var path = Path.Combine(directory, "namespace");
        return File.Exists(path) && File.ReadAllText(path).Trim() is { Length: > 0 } name ? name : null;
    }
}
