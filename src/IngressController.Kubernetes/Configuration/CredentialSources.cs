using System.Text.Json.Nodes;

namespace IngressController.Kubernetes.Configuration;

/// <summary>Where PEM text is: in a file that may be replaced at any time, or in the configuration itself.</summary>
public abstract record PemSource
{
    private PemSource()
    {
    }

    /// <summary>A file, looked at again now and then (<see cref="ClientTimeouts.FilePoll"/>).</summary>
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
        _ => throw new InvalidOperationException("the hierarchy is closed"),
    };
}

/// <summary>Where the bearer token comes from.</summary>
public abstract record TokenSource
{
    private TokenSource()
    {
    }

    public sealed record Literal(string Token) : TokenSource
    {
        public override string ToString() => "[redacted]";
    }

    /// <summary>A file, read again at least each <see cref="ClientTimeouts.FilePoll"/> and at once after a 401: the kubelet rotates it.</summary>
    public sealed record InFile(string Path) : TokenSource;

    /// <summary>A program that prints a credential: a token, a client certificate, or both.</summary>
    public sealed record Exec(ExecPlugin Plugin) : TokenSource;
}

/// <summary>An exec credential plug-in as kubeconfig describes it (KEP-541, <c>client.authentication.k8s.io</c>).</summary>
/// <param name="ApiVersion"><c>client.authentication.k8s.io/v1</c> or <c>/v1beta1</c>.</param>
/// <param name="Command">A program's name to be found in PATH, or its path.</param>
public sealed record ExecPlugin(string ApiVersion, string Command)
{
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Variables added to this process's environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Shown when the command cannot be found.</summary>
    public string? InstallHint { get; init; }

    /// <summary>Tell the plug-in about the cluster, including its certificate authority.</summary>
    public bool ProvideClusterInfo { get; init; }

    /// <summary>The cluster's extension <c>client.authentication.k8s.io/exec</c>, handed on untouched as <c>spec.cluster.config</c>.</summary>
    public JsonNode? ClusterConfig { get; init; }

    public override string ToString() => Command;
}
