using IngressController.Kubernetes.Client;
using k8s;
using k8s.Models;

namespace IngressController.Status;

/// <summary>
/// Reads the nodes of the replicas by name and refreshes them periodically. A watch would deliver each heartbeat of all nodes.
/// </summary>
internal sealed partial class NodeAddresses(ApiServerConnection connection, TimeProvider time, ILogger<NodeAddresses> logger)
{
    /// <summary>The time after which a node is read again.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>The time after which a failed read is retried.</summary>
    public static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, CachedNode> _cached = new(StringComparer.Ordinal);
    private bool _forbiddenLogged;

    /// <param name="IsKnown">True if the node was read, does not exist or may not be read; false after failures only.</param>
    /// <param name="Node">The node; null when it does not exist or may not be read.</param>
    /// <param name="At">The timestamp of the last read.</param>
    /// <param name="For">The time until the next read.</param>
    private readonly record struct CachedNode(bool IsKnown, V1Node? Node, long At, TimeSpan For);

    /// <summary>The time until a node has to be read again; null for never.</summary>
    public TimeSpan? UntilDue => _cached.Count == 0 ? null : _cached.Values.Min(Left);

    /// <summary>Returns the known nodes among these names. Not thread-safe.</summary>
    public async Task<IReadOnlyDictionary<string, V1Node?>> ReadAsync(IReadOnlySet<string> names, CancellationToken cancellation)
    {
        foreach (var name in _cached.Keys)
        {
            if (!names.Contains(name))
                _cached.Remove(name);
        }

        foreach (var name in names)
        {
            if (!_cached.TryGetValue(name, out var node) || Left(node) <= TimeSpan.Zero)
                _cached[name] = await ReadAsync(name, node, cancellation);
        }

        return _cached.Where(pair => pair.Value.IsKnown).ToDictionary(pair => pair.Key, pair => pair.Value.Node, StringComparer.Ordinal);
    }

    private async Task<CachedNode> ReadAsync(string name, CachedNode before, CancellationToken cancellation)
    {
        try
        {
            var node = await connection.Kubernetes.CoreV1.ReadNodeAsync(ObjectCalls.PathSegment(name), cancellationToken: cancellation).IfFoundAsync(name);
            return new(true, node, time.GetTimestamp(), Lifetime);
        }
        catch (ApiServerException error) when (error.IsForbidden)
        {
            if (!_forbiddenLogged)
                Log.Forbidden(logger, error.Status?.Message ?? error.Message);
            _forbiddenLogged = true;
            return new(true, null, time.GetTimestamp(), Lifetime);
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            Log.Failed(logger, name, error.Message);
            return before with { At = time.GetTimestamp(), For = RetryPeriod };
        }
    }

    private TimeSpan Left(CachedNode node) => node.For - time.GetElapsedTime(node.At);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "nodes may not be read, so status.loadBalancer shows the addresses of the replicas' Pods: {Reason}; grant the verb get on nodes")]
        public static partial void Forbidden(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Debug, Message = "node {Node} cannot be read: {Reason}")]
        public static partial void Failed(ILogger logger, string node, string reason);
    }
}
