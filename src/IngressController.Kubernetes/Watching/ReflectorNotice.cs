using System.Net.Sockets;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Serialization;
using k8s.Exceptions;

namespace IngressController.Kubernetes.Watching;

/// <summary>What a reflector was doing when it failed.</summary>
public enum ReflectorStage
{
    List,
    WatchList,
    Watch,

    /// <summary>One object was asked for by its name.</summary>
    Get,

    /// <summary>The receiver threw.</summary>
    Deliver,
}

/// <summary>What happens to a reflector, for logs and metrics.</summary>
/// <param name="Resource">For example <c>ingresses.networking.k8s.io</c>.</param>
/// <param name="Namespace">The namespace; null for all.</param>
public abstract record ReflectorNotice(string Resource, string? Namespace)
{
    /// <summary>One sentence.</summary>
    public abstract string Message { get; }

    private protected string Subject => Namespace is null ? $"{Resource} in all namespaces" : $"{Resource} in namespace {Namespace}";

    /// <summary>The complete state was received and handed on.</summary>
    /// <param name="Streamed">By a watch-list instead of a list.</param>
    public sealed record Listed(string Resource, string? Namespace, int Count, bool Streamed) : ReflectorNotice(Resource, Namespace)
    {
        public override string Message => $"listed {Count} {Subject}";
    }

    /// <summary>The server accepted a watch.</summary>
    public sealed record WatchStarted(string Resource, string? Namespace, string ResourceVersion) : ReflectorNotice(Resource, Namespace)
    {
        public override string Message => $"watching {Subject} from version '{ResourceVersion}'";
    }

    /// <summary>The server ended a watch in good order; the next one goes on where it ended.</summary>
    public sealed record WatchEnded(string Resource, string? Namespace, TimeSpan Duration, long Events) : ReflectorNotice(Resource, Namespace)
    {
        public override string Message => $"the watch of {Subject} ended after {Duration.TotalSeconds:0} s and {Events} events";
    }

    /// <summary>Everything is about to be listed again.</summary>
    public sealed record Relisting(string Resource, string? Namespace, string Reason) : ReflectorNotice(Resource, Namespace)
    {
        public override string Message => $"listing {Subject} again: {Reason}";
    }

    /// <summary>The server cannot stream the initial state; lists are used instead.</summary>
    public sealed record WatchListUnsupported(string Resource, string? Namespace, string Reason) : ReflectorNotice(Resource, Namespace)
    {
        public override string Message => $"the API server cannot stream the initial state of {Subject}, listing instead: {Reason}";
    }

    /// <summary>One object does not decode; the others are not affected.</summary>
    public sealed record Undecodable(string Resource, string? Namespace, UndecodableObject Object) : ReflectorNotice(Resource, Namespace)
    {
        public override string Message => $"{Resource} {Object} cannot be read, its last known state stays in use: {Object.Error}";
    }

    /// <summary>An event of a type this client does not know was skipped.</summary>
    public sealed record UnknownEvent(string Resource, string? Namespace, string? Type) : ReflectorNotice(Resource, Namespace)
    {
        public override string Message => $"skipped an event of the unknown type '{Type}' in the watch of {Subject}";
    }

    /// <summary>Something failed; what was received before stays valid.</summary>
    public sealed record Failed(string Resource, string? Namespace, Exception Error, TimeSpan RetryIn, ReflectorStage Stage)
        : ReflectorNotice(Resource, Namespace)
    {
        public override string Message =>
            $"cannot {Verb} {(Stage == ReflectorStage.Get ? Resource : Subject)}: {Reason}; next try in {RetryIn.TotalSeconds:0.#} s";

        private string Code => Error is ApiServerException refused ? $"{(int)refused.StatusCode} {refused.Reason}" : "";

        private string Verb => Stage switch
        {
            ReflectorStage.List => "list",
            ReflectorStage.Get => "get",
            ReflectorStage.Deliver => "hand on",
            _ => "watch",
        };

        /// <summary>
        /// Names the trouble, the same for all watches that have it and each time it happens: messages of errors hold paths, versions and
        /// times. What concerns one resource names it.
        /// </summary>
        public string Trouble => Error switch
        {
            ApiServerException { IsServerError: true } or ApiServerException { IsTooManyRequests: true }
                or ApiServerException { IsUnauthorized: true } or ApiServerException { IsExpired: true } => Code,
            ApiServerException when Stage == ReflectorStage.Get => $"{Code} get {Resource}",
            ApiServerException => $"{Code} {Subject}",
            HttpRequestException or KubeConfigException => Reason,
            // A cut or silent connection.
            IOException or SocketException or TimeoutException => Error.GetType().Name,
            _ => $"{Error.GetType().Name} {Subject}",
        };

        /// <summary>Why, and what can be done about it.</summary>
        public string Reason =>
            ApiFailure.Reason(Error, $"the {(Stage == ReflectorStage.Get ? "verb get" : "verbs list and watch")} on {Resource}");
    }
}
