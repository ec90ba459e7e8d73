using System.Net.Sockets;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Serialization;
using k8s.Exceptions;

namespace IngressController.Kubernetes.Watching;

/// <summary>The operation of a reflector that failed.</summary>
public enum ReflectorStage
{
    List,
    WatchList,
    Watch,

    /// <summary>One object is read by its name.</summary>
    Get,

    /// <summary>A change is delivered to the receiver.</summary>
    Deliver,
}

/// <summary>An event of a reflector, for logs and metrics.</summary>
/// <param name="Resource">The resource, for example <c>ingresses.networking.k8s.io</c>.</param>
/// <param name="Namespace">The namespace; null for all.</param>
public abstract record ReflectorNotice(string Resource, string? Namespace)
{
    /// <summary>The text for the log: one sentence.</summary>
    public abstract string Message { get; }

    private protected string Subject => Namespace is null ? $"{Resource} in all namespaces" : $"{Resource} in namespace {Namespace}";

    /// <summary>The complete state was received and delivered.</summary>
    /// <param name="Streamed">True for a watch-list, false for a list.</param>
    public sealed record Listed(string Resource, string? Namespace, int Count, bool Streamed) : ReflectorNotice(Resource, Namespace)
    {
        public override string Message => $"listed {Count} {Subject}";
    }

    /// <summary>The server accepted a watch.</summary>
    public sealed record WatchStarted(string Resource, string? Namespace, string ResourceVersion) : ReflectorNotice(Resource, Namespace)
    {
        public override string Message => $"watching {Subject} from version '{ResourceVersion}'";
    }

    /// <summary>The server ended a watch normally; the next one resumes where it ended.</summary>
    public sealed record WatchEnded(string Resource, string? Namespace, TimeSpan Duration, long Events) : ReflectorNotice(Resource, Namespace)
    {
        public override string Message => $"the watch of {Subject} ended after {Duration.TotalSeconds:0} s and {Events} events";
    }

    /// <summary>Everything is about to be relisted.</summary>
    public sealed record Relisting(string Resource, string? Namespace, string Reason) : ReflectorNotice(Resource, Namespace)
    {
        public override string Message => $"relisting {Subject}: {Reason}";
    }

    /// <summary>The server cannot stream the initial state; it is listed instead.</summary>
    public sealed record WatchListUnsupported(string Resource, string? Namespace, string Reason) : ReflectorNotice(Resource, Namespace)
    {
        public override string Message => $"the API server cannot stream the initial state of {Subject}, listing instead: {Reason}";
    }

    /// <summary>One object does not decode; the others are not affected.</summary>
    public sealed record Undecodable(string Resource, string? Namespace, UndecodableObject Object) : ReflectorNotice(Resource, Namespace)
    {
        public override string Message => $"{Resource} {Object} does not decode, its last known state stays in use: {Object.Error}";
    }

    /// <summary>An event of an unknown type was ignored.</summary>
    public sealed record UnknownEvent(string Resource, string? Namespace, string? Type) : ReflectorNotice(Resource, Namespace)
    {
        public override string Message => $"ignored an event of the unknown type '{Type}' in the watch of {Subject}";
    }

    /// <summary>An operation failed; the state that was delivered before stays valid.</summary>
    public sealed record Failed(string Resource, string? Namespace, Exception Error, TimeSpan RetryIn, ReflectorStage Stage)
        : ReflectorNotice(Resource, Namespace)
    {
        public override string Message =>
            $"cannot {Verb} {(Stage == ReflectorStage.Get ? Resource : Subject)}: {Reason}; next attempt in {RetryIn.TotalSeconds:0.#} s";

        private string Code => Error is ApiServerException response ? $"{(int)response.StatusCode} {response.Reason}" : "";

        private string Verb => Stage switch
        {
            ReflectorStage.List => "list",
            ReflectorStage.Get => "get",
            ReflectorStage.Deliver => "deliver",
            _ => "watch",
        };

        /// <summary>
        /// Identifies the cause, with the same text for all watches and each occurrence: messages of errors contain paths, versions and
        /// times. A cause that concerns one resource names it.
        /// </summary>
        public string Cause => Error switch
        {
            ApiServerException { IsServerError: true } or ApiServerException { IsTooManyRequests: true }
                or ApiServerException { IsUnauthorized: true } or ApiServerException { IsExpired: true } => Code,
            ApiServerException when Stage == ReflectorStage.Get => $"{Code} get {Resource}",
            ApiServerException => $"{Code} {Subject}",
            HttpRequestException or KubeConfigException => Reason,
            // A broken or idle connection.
            IOException or SocketException or TimeoutException => Error.GetType().Name,
            _ => $"{Error.GetType().Name} {Subject}",
        };

        /// <summary>The reason and the remedy.</summary>
        public string Reason =>
            ApiFailure.Reason(Error, $"the {(Stage == ReflectorStage.Get ? "verb get" : "verbs list and watch")} on {Resource}");
    }
}
