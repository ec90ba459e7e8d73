using k8s.Exceptions;

namespace IngressController.Kubernetes.Configuration;

/// <summary>Turns one context of merged kubeconfig files into a configuration. Errors name the file and entry.</summary>
internal static class KubeConfigReader
{
    private const string ExecExtension = "client.authentication.k8s.io/exec";

    public static ApiServerConfiguration Build(KubeConfig config, string? contextName)
    {
        var files = string.Join(", ", config.Files);
        var name = string.IsNullOrEmpty(contextName) ? config.CurrentContext : contextName;
        if (string.IsNullOrEmpty(name))
            throw new KubeConfigException($"kubeconfig {files} has no current-context: pass a context, or run 'kubectl config use-context'");
        if (!config.Contexts.TryGetValue(name, out var context))
            throw new KubeConfigException($"kubeconfig {files} has no context '{name}'; it has {Names(config.Contexts.Keys)}");
        if (!config.Clusters.TryGetValue(context.Value.Cluster ?? "", out var cluster))
        {
            throw new KubeConfigException(
                $"{context.File}: context '{name}' refers to the cluster '{context.Value.Cluster}', which {files} does not have");
        }

        KubeConfigEntry<KubeConfigUser>? user = null;
        if (!string.IsNullOrEmpty(context.Value.User) && !config.Users.TryGetValue(context.Value.User, out user))
        {
            throw new KubeConfigException(
                $"{context.File}: context '{name}' refers to the user '{context.Value.User}', which {files} does not have");
        }

        var built = WithCluster(cluster) with
        {
            CurrentNamespace = string.IsNullOrEmpty(context.Value.Namespace) ? null : context.Value.Namespace,
        };
        return user is null ? built : WithUser(built, user, cluster.Value);
    }

    private static ApiServerConfiguration WithCluster(KubeConfigEntry<KubeConfigCluster> entry)
    {
        var cluster = entry.Value;
        var where = $"{entry.File}: cluster '{entry.Name}'";
        if (!Uri.TryCreate(cluster.Server, UriKind.Absolute, out var server) || server.Scheme is not ("http" or "https"))
            throw new KubeConfigException($"{where}: server '{cluster.Server}' must be an http or https URL");

        var authority = Pem(cluster.CertificateAuthorityData, cluster.CertificateAuthority, entry.File, $"{where}: certificate-authority");
        if (cluster.InsecureSkipTlsVerify && authority is not null)
            throw new KubeConfigException($"{where} has a certificate-authority and insecure-skip-tls-verify: remove one of them");

        Uri? proxy = null;
        if (!string.IsNullOrEmpty(cluster.ProxyUrl)
            && (!Uri.TryCreate(cluster.ProxyUrl, UriKind.Absolute, out proxy) || proxy.Scheme is not ("http" or "https" or "socks5")))
        {
            throw new KubeConfigException($"{where}: proxy-url must be an http, https or socks5 URL");
        }

        if (proxy is not null && !string.IsNullOrEmpty(cluster.TlsServerName))
            throw new KubeConfigException($"{where}: proxy-url together with tls-server-name is not supported");

        return new ApiServerConfiguration
        {
            Host = server,
            CertificateAuthority = authority,
            SkipTlsVerify = cluster.InsecureSkipTlsVerify,
            TlsServerName = string.IsNullOrEmpty(cluster.TlsServerName) ? null : cluster.TlsServerName,
            ProxyUrl = proxy,
            DisableCompression = cluster.DisableCompression,
            Warnings = cluster.InsecureSkipTlsVerify
                ? [$"{where} sets insecure-skip-tls-verify: the API server's certificate is not checked, anyone on the path can read the token"]
                : [],
        };
    }

    private static ApiServerConfiguration WithUser(
        ApiServerConfiguration configuration, KubeConfigEntry<KubeConfigUser> entry, KubeConfigCluster cluster)
    {
        var user = entry.Value;
        var where = $"{entry.File}: user '{entry.Name}'";
        if (user.AuthProvider is not null)
            throw new KubeConfigException($"{where}: auth-provider was removed from Kubernetes in 1.26: use an exec plug-in");

        var certificate = Pem(user.ClientCertificateData, user.ClientCertificate, entry.File, $"{where}: client-certificate");
        var key = Pem(user.ClientKeyData, user.ClientKey, entry.File, $"{where}: client-key");
        if (certificate is null != key is null)
            throw new KubeConfigException($"{where}: client-certificate and client-key need each other");
        if (string.IsNullOrEmpty(user.As) && (user.AsGroups is not null || user.AsUid is not null || user.AsUserExtra is not null))
            throw new KubeConfigException($"{where}: as-groups, as-uid and as-user-extra need 'as'");

        return configuration with
        {
            // As in client-go, a token or user in the file takes precedence over an exec plug-in.
            Token = user switch
            {
                { TokenFile.Length: > 0 } => new TokenSource.InFile(Resolve(entry.File, user.TokenFile)),
                { Token.Length: > 0 } => new TokenSource.Literal(user.Token),
                { Username.Length: > 0 } => null,
                { Exec: { } exec } => new TokenSource.Exec(Plugin(exec, entry.File, where, cluster)),
                _ => null,
            },
            Username = string.IsNullOrEmpty(user.Username) ? null : user.Username,
            Password = user.Password,
            ClientCertificate = certificate,
            ClientKey = key,
            Impersonation = string.IsNullOrEmpty(user.As) ? null : new Impersonation(user.As)
            {
                Groups = user.AsGroups ?? [],
                Uid = user.AsUid,
                Extra = (user.AsUserExtra ?? []).ToDictionary(extra => extra.Key, IReadOnlyList<string> (extra) => extra.Value),
            },
        };
    }

    private static ExecPlugin Plugin(KubeConfigExec exec, string file, string where, KubeConfigCluster cluster)
    {
        if (string.IsNullOrEmpty(exec.Command))
            throw new KubeConfigException($"{where}: exec.command is missing");
        if (exec.ApiVersion is not ("client.authentication.k8s.io/v1" or "client.authentication.k8s.io/v1beta1"))
        {
            throw new KubeConfigException(
                $"{where}: exec.apiVersion '{exec.ApiVersion}' must be client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1");
        }

        if (exec.InteractiveMode == "Always")
            throw new KubeConfigException($"{where}: exec.interactiveMode Always is not supported, this process has no terminal: use IfAvailable or Never");

        return new ExecPlugin(exec.ApiVersion, exec.Command.Contains('/') ? Resolve(file, exec.Command) : exec.Command)
        {
            Arguments = exec.Args ?? [],
            Environment = (exec.Env ?? []).Where(variable => !string.IsNullOrEmpty(variable.Name))
                .GroupBy(variable => variable.Name!).ToDictionary(group => group.Key, group => group.Last().Value ?? ""),
            InstallHint = exec.InstallHint,
            ProvideClusterInfo = exec.ProvideClusterInfo,
            ClusterConfig = cluster.Extensions?.Find(extension => extension.Name == ExecExtension)?.Extension,
        };
    }

    private static PemSource? Pem(string? data, string? path, string file, string where)
    {
        if (string.IsNullOrEmpty(data))
            return string.IsNullOrEmpty(path) ? null : new PemSource.InFile(Resolve(file, path));

        try
        {
            return new PemSource.Inline(Convert.FromBase64String(data));
        }
        catch (FormatException error)
        {
            throw new KubeConfigException($"{where}-data is not base64", error);
        }
    }

    private static string Resolve(string file, string path) => Path.GetFullPath(path, Path.GetDirectoryName(file)!);

    private static string Names(IEnumerable<string> names)
    {
        var list = string.Join(", ", names.Order(StringComparer.Ordinal).Select(name => $"'{name}'"));
        return list.Length == 0 ? "none" : list;
    }
}
