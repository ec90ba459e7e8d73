using IngressController.Kubernetes.Client;
using k8s;
using k8s.Models;

namespace IngressController.Status;

/// <summary>The nodes of the replicas, read by name and again now and then: a watch of all nodes would bring each heartbeat of each of them.</summary>
internal sealed partial class NodeAddresses(ApiServerConnection connection, TimeProvider time, ILogger<NodeAddresses> logger)
{
    /// <summary>How long a node is taken for what it was.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>When one that could not be read is tried again.</summary>
    public static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, Reading> _readings = new(StringComparer.Ordinal);
    private bool _saidForbidden;

    /// <param name="IsKnown">Whether it was ever read, or is known to be unreadable.</param>
    /// <param name="Node">Null where it does not exist or may not be read.</param>
    /// <param name="At">When.</param>
    /// <param name="For">How long this is good.</param>
    private readonly record struct Reading(bool IsKnown, V1Node? Node, long At, TimeSpan For);

    /// <summary>How long until one has to be read again; null for never.</summary>
    public TimeSpan? UntilDue => _readings.Count == 0 ? null : _readings.Values.Min(Left);

    /// <summary>The nodes of these names, those of them that are known. Not for concurrent use.</summary>
    public async Task<IReadOnlyDictionary<string, V1Node?>> ReadAsync(IReadOnlySet<string> names, CancellationToken cancellation)
    {
        foreach (var name in _readings.Keys)
        {
            if (!names.Contains(name))
                _readings.Remove(name);
        }

        foreach (var name in names)
        {
            if (!_readings.TryGetValue(name, out var reading) || Left(reading) <= TimeSpan.Zero)
                _readings[name] = await ReadAsync(name, reading, cancellation);
        }

        return _readings.Where(pair => pair.Value.IsKnown).ToDictionary(pair => pair.Key, pair => pair.Value.Node, StringComparer.Ordinal);
    }

    private async Task<Reading> ReadAsync(string name, Reading before, CancellationToken cancellation)
    {
        try
        {
            var node = await connection.Kubernetes.CoreV1.ReadNodeAsync(ObjectCalls.PathSegment(name), cancellationToken: cancellation).IfFoundAsync(name);
            return new(true, node, time.GetTimestamp(), Lifetime);
        }
        catch (ApiServerException error) when (error.IsForbidden)
        {
            if (!_saidForbidden)
                Log.Forbidden(logger, error.Status?.Message ?? error.Message);
            _saidForbidden = true;
            return new(true, null, time.GetTimestamp(), Lifetime);
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            Log.Failed(logger, name, error.Message);
            return before with { At = time.GetTimestamp(), For = RetryPeriod };
        }
    }

    private TimeSpan Left(Reading reading) => reading.For - time.GetElapsedTime(reading.At);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "nodes may not be read, so status.loadBalancer shows the replicas' own addresses: {Reason}; grant the verb get on nodes")]
        public static partial void Forbidden(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Debug, Message = "node {Name} cannot be read: {Reason}")]
        public static partial void Failed(ILogger logger, string name, string reason);
    }
}
