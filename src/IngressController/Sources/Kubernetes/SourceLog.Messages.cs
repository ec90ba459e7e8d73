using IngressController.Kubernetes.Serialization;

namespace IngressController.Sources.Kubernetes;

/// <content>The messages.</content>
internal sealed partial class SourceLog
{
    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "connection to the API server: {Warning}")]
        public static partial void UnsafeConfiguration(ILogger logger, string warning);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Path} cannot be used, its last valid content stays in use: {Reason}")]
        public static partial void CredentialFileUnusable(ILogger logger, string path, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "opening new connections to the API server: {Reason}")]
        public static partial void TransportReloaded(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "the API server answered 401, reloading the credential from {Source}")]
        public static partial void CredentialRejected(ILogger logger, string source);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Resource} {Object} does not decode, its last known state stays in use: {Reason}")]
        public static partial void Undecodable(ILogger logger, string resource, UndecodableObject @object, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "ignored an event of the unknown type '{Type}' in the watch of {Resource} in {Namespace}")]
        public static partial void UnknownEvent(ILogger logger, string? type, string resource, string @namespace);

        [LoggerMessage(Level = LogLevel.Debug, Message = "listed {Count} {Resource} in {Namespace}")]
        public static partial void Listed(ILogger logger, int count, string resource, string @namespace);

        [LoggerMessage(Level = LogLevel.Information, Message = "recovered: listed {Count} {Resource} in {Namespace}")]
        public static partial void ListRecovered(ILogger logger, int count, string resource, string @namespace);

        [LoggerMessage(Level = LogLevel.Debug, Message = "watching {Resource} in {Namespace} from version '{Version}'")]
        public static partial void WatchStarted(ILogger logger, string resource, string @namespace, string version);

        [LoggerMessage(Level = LogLevel.Information, Message = "recovered: watching {Resource} in {Namespace} from version '{Version}'")]
        public static partial void WatchRecovered(ILogger logger, string resource, string @namespace, string version);

        [LoggerMessage(Level = LogLevel.Debug, Message = "the watch of {Resource} in {Namespace} ended after {Seconds:0} s and {Events} events")]
        public static partial void WatchEnded(ILogger logger, string resource, string @namespace, double seconds, long events);

        [LoggerMessage(Level = LogLevel.Debug, Message = "relisting {Resource} in {Namespace}: {Reason}")]
        public static partial void Relisting(ILogger logger, string resource, string @namespace, string reason);

        [LoggerMessage(Level = LogLevel.Debug, Message = "the API server cannot stream the initial state of {Resource} in {Namespace}, listing instead: {Reason}")]
        public static partial void WatchListUnsupported(ILogger logger, string resource, string @namespace, string reason);

        [LoggerMessage(Message = "cannot list {Resource} in {Namespace}: {Reason}; next attempt in {Seconds:0.#} s")]
        public static partial void ListFailed(ILogger logger, LogLevel level, string resource, string @namespace, string reason, double seconds);

        [LoggerMessage(Message = "cannot watch {Resource} in {Namespace}: {Reason}; next attempt in {Seconds:0.#} s")]
        public static partial void WatchFailed(ILogger logger, LogLevel level, string resource, string @namespace, string reason, double seconds);

        [LoggerMessage(Message = "cannot get {Resource}: {Reason}; next attempt in {Seconds:0.#} s")]
        public static partial void GetFailed(ILogger logger, LogLevel level, string resource, string reason, double seconds);

        [LoggerMessage(Message = "cannot process {Resource} in {Namespace}: {Reason}; next attempt in {Seconds:0.#} s")]
        public static partial void DeliveryFailed(ILogger logger, LogLevel level, string resource, string @namespace, string reason, double seconds);

        [LoggerMessage(Level = LogLevel.Information, Message = "started leading: holds the Lease {Lease}")]
        public static partial void StartedLeading(ILogger logger, string lease);

        [LoggerMessage(Level = LogLevel.Information, Message = "stopped leading: {Reason}")]
        public static partial void StoppedLeading(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Debug, Message = "{Leader} is the leader")]
        public static partial void NewLeader(ILogger logger, string leader);

        [LoggerMessage(Level = LogLevel.Debug, Message = "released the Lease {Lease}")]
        public static partial void LeaseReleased(ILogger logger, string lease);

        [LoggerMessage(Level = LogLevel.Debug, Message = "the Lease {Lease} can be read and written")]
        public static partial void LeaseAccessible(ILogger logger, string lease);

        [LoggerMessage(Level = LogLevel.Information, Message = "recovered: the Lease {Lease} can be read and written")]
        public static partial void LeaseRecovered(ILogger logger, string lease);

        [LoggerMessage(Message = "cannot {Action} the Lease {Lease}: {Reason}; next attempt in {Seconds:0.#} s")]
        public static partial void LeaseFailed(ILogger logger, LogLevel level, string action, string lease, string reason, double seconds);

        [LoggerMessage(Message = "cannot {Action} the Lease {Lease}: {Reason}")]
        public static partial void LeaseGivenUp(ILogger logger, LogLevel level, string action, string lease, string reason);
    }
}
