namespace IngressController.Kubernetes.Configuration;

/// <summary>
/// Where the API server is and how to talk to it: plain data, read from a pod's service account or from kubeconfig files.
/// Whoever holds it holds credentials; its text form never shows one.
/// </summary>
public sealed partial record ApiServerConfiguration
{
    /// <summary>The server's URL, http or https; a path is a prefix of every request (a proxy such as Rancher's needs one).</summary>
    public required Uri Host { get; init; }

    /// <summary>The certificate authorities that may sign the server's certificate. Null: those of the operating system.</summary>
    public PemSource? CertificateAuthority { get; init; }

    /// <summary>Accept any server certificate. Dangerous: whoever is in between can read the token. Default false.</summary>
    public bool SkipTlsVerify { get; init; }

    /// <summary>The name asked for by SNI and checked in the certificate, when it differs from the host's. It never changes the Host header.</summary>
    public string? TlsServerName { get; init; }

    /// <summary>The bearer token. Null: none is sent.</summary>
    public TokenSource? Token { get; init; }

    /// <summary>Basic authentication, used only where there is no <see cref="Token"/>.</summary>
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

    /// <summary>Do not ask for gzip on lists: less CPU where the network is fast. Default false.</summary>
    public bool DisableCompression { get; init; }

    /// <summary>The pod's namespace, or the one of the kubeconfig's context. Null when nothing says so.</summary>
    public string? CurrentNamespace { get; init; }

    /// <summary>What is allowed but unwise in this configuration, one sentence each, for the log.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>What the server's audit log shows as the client.</summary>
    public string UserAgent { get; init; } = DefaultUserAgent;

    public ClientTimeouts Timeouts { get; init; } = new();

    private static string DefaultUserAgent { get; } =
        $"yarp-ingress-controller/{typeof(ApiServerConfiguration).Assembly.GetName().Version?.ToString(3)} "
        + $"({(OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux")}"
        + $"/{System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()})";

    /// <summary>The server and the kind of credentials, never their content.</summary>
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

/// <summary>How long the client waits, and how often it looks at files.</summary>
public sealed record ClientTimeouts
{
    /// <summary>A small call in total. Default 30 s.</summary>
    public TimeSpan Unary { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A list without one more byte; its whole duration is not bounded. Default 60 s.</summary>
    public TimeSpan ListProgress { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>TCP and TLS to the server. Default 15 s.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How old a read of a token or certificate file may get before the file is read again. Default 60 s.</summary>
    public TimeSpan FilePoll { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>One run of an exec plug-in; then it is killed. Default 60 s.</summary>
    public TimeSpan ExecPlugin { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>Act as somebody else (the <c>Impersonate-*</c> headers); the server checks that the caller may.</summary>
public sealed record Impersonation(string User)
{
    public IReadOnlyList<string> Groups { get; init; } = [];

    public string? Uid { get; init; }

    public IReadOnlyDictionary<string, IReadOnlyList<string>> Extra { get; init; } = new Dictionary<string, IReadOnlyList<string>>();
}
