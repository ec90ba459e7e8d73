namespace IngressController.Kubernetes.Configuration;

/// <summary>
/// The address of the API server and the settings to reach it: plain data, read from a Pod's service account or from kubeconfig files.
/// It contains credentials, which its text form never shows.
/// </summary>
public sealed partial record ApiServerConfiguration
{
    /// <summary>The server's URL, http or https; a path is a prefix of every request (a proxy such as Rancher's needs one).</summary>
    public required Uri Host { get; init; }

    /// <summary>The certificate authorities that may sign the server's certificate. Null: those of the operating system.</summary>
    public PemSource? CertificateAuthority { get; init; }

    /// <summary>Accepts any server certificate. Dangerous: anyone on the path can read the token. Default false.</summary>
    public bool SkipTlsVerify { get; init; }

    /// <summary>The name for SNI and the certificate check, if it differs from the host's. It never changes the Host header.</summary>
    public string? TlsServerName { get; init; }

    /// <summary>The bearer token. Null: none is sent.</summary>
    public TokenSource? Token { get; init; }

    /// <summary>The user of basic authentication, which is used only without a <see cref="Token"/>.</summary>
    public string? Username { get; init; }

    public string? Password { get; init; }

    /// <summary>The client certificate with its intermediates; needs <see cref="ClientKey"/>.</summary>
    public PemSource? ClientCertificate { get; init; }

    public PemSource? ClientKey { get; init; }

    /// <summary>
    /// The proxy to the server: http, https or socks5. Null: HTTPS_PROXY and NO_PROXY of the environment, never for loopback addresses.
    /// </summary>
    public Uri? ProxyUrl { get; init; }

    public Impersonation? Impersonation { get; init; }

    /// <summary>Requests lists without gzip, which saves CPU on fast networks. Default false.</summary>
    public bool DisableCompression { get; init; }

    /// <summary>The Pod's namespace, or that of the kubeconfig's context. Null if neither is known.</summary>
    public string? CurrentNamespace { get; init; }

    /// <summary>Settings that are allowed but unsafe, one sentence each, for the log.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The name of the client in the server's audit log.</summary>
    public string UserAgent { get; init; } = DefaultUserAgent;

    public ClientTimeouts Timeouts { get; init; } = new();

    private static string DefaultUserAgent { get; } =
        $"yarp-ingress-controller/{typeof(ApiServerConfiguration).Assembly.GetName().Version?.ToString(3)} "
        + $"({(OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux")}"
        + $"/{System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()})";

    /// <summary>Returns the server and the kind of credentials, never their content.</summary>
    public override string ToString()
    {
        var credentials = Token switch
        {
            TokenSource.Literal => "token",
            TokenSource.InFile file => $"token file {file.Path}",
            TokenSource.Exec exec => $"exec plug-in {exec.Plugin.Command}",
            _ when Username is not null => "basic authentication",
            _ when ClientCertificate is not null => "client certificate",
            _ => "no credentials",
        };
        return $"{Host} ({credentials})";
    }
}

/// <summary>The time limits of the client, and the age at which it reloads files.</summary>
public sealed record ClientTimeouts
{
    /// <summary>The time limit of a small call in total. Default 30 s.</summary>
    public TimeSpan Unary { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The time limit of a list without further bytes; its total duration is not bounded. Default 60 s.</summary>
    public TimeSpan ListProgress { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The time limit for TCP and TLS to the server. Default 15 s.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The age after which a token or certificate file is reloaded. Default 60 s.</summary>
    public TimeSpan FilePoll { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The time limit of one run of an exec plug-in, which is then killed. Default 60 s.</summary>
    public TimeSpan ExecPlugin { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>The identity to act as (the <c>Impersonate-*</c> headers); the server checks that the caller is allowed to.</summary>
public sealed record Impersonation(string User)
{
    public IReadOnlyList<string> Groups { get; init; } = [];

    public string? Uid { get; init; }

    public IReadOnlyDictionary<string, IReadOnlyList<string>> Extra { get; init; } = new Dictionary<string, IReadOnlyList<string>>();
}
