using System.Text.Json.Nodes;

namespace IngressController.Kubernetes.Configuration;

/// <summary>The source of PEM text: a file that may be replaced at any time, or the configuration itself.</summary>
public abstract record PemSource
{
    private PemSource()
    {
    }

    /// <summary>A file that is reloaded periodically (<see cref="ClientTimeouts.FilePoll"/>).</summary>
    public sealed record InFile(string Path) : PemSource
    {
        public override string ToString() => Path;
    }

    public sealed record Inline(ReadOnlyMemory<byte> Pem) : PemSource
    {
        public override string ToString() => "(inline)";
    }

    internal byte[] Read() => this switch
    {
        InFile file => File.ReadAllBytes(file.Path),
        Inline inline => inline.Pem.ToArray(),
        _ => throw new InvalidOperationException("unknown source"),
    };
}

/// <summary>The source of the bearer token.</summary>
public abstract record TokenSource
{
    private TokenSource()
    {
    }

    public sealed record Literal(string Token) : TokenSource
    {
        public override string ToString() => "[redacted]";
    }

    /// <summary>A file that the kubelet rotates; reloaded after <see cref="ClientTimeouts.FilePoll"/>, and at once after a 401.</summary>
    public sealed record InFile(string Path) : TokenSource;

    /// <summary>A program that prints a credential: a token, a client certificate, or both.</summary>
    public sealed record Exec(ExecPlugin Plugin) : TokenSource;
}

/// <summary>An exec credential plug-in as kubeconfig describes it (KEP-541, <c>client.authentication.k8s.io</c>).</summary>
/// <param name="ApiVersion"><c>client.authentication.k8s.io/v1</c> or <c>/v1beta1</c>.</param>
/// <param name="Command">The path of a program, or its name in PATH.</param>
public sealed record ExecPlugin(string ApiVersion, string Command)
{
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Variables that are added to this process's environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Shown if the command cannot be found.</summary>
    public string? InstallHint { get; init; }

    /// <summary>Passes the plug-in information about the cluster, including its certificate authority.</summary>
    public bool ProvideClusterInfo { get; init; }

    /// <summary>The cluster's extension <c>client.authentication.k8s.io/exec</c>, passed on as <c>spec.cluster.config</c>.</summary>
    public JsonNode? ClusterConfig { get; init; }

    public override string ToString() => Command;
}
