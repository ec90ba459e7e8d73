using System.Collections.Immutable;
using IngressController.Configuration;
using IngressController.Routing.Cluster;

namespace IngressController.Status;

/// <summary>Determines the addresses that Ingresses show, and logs when there are none.</summary>
internal sealed partial class StatusTargets(
    IngressOptions options, NodeAddresses nodes, TimeProvider time, ILogger<StatusTargets> logger)
{
    /// <summary>
    /// The time that addresses must be missing before it is logged: at the start lists arrive one by one, and a Service may be recreated.
    /// </summary>
    private static readonly TimeSpan LogDelay = TimeSpan.FromSeconds(5);

    private readonly string _fieldManager = StatusPlan.FieldManagerOf(options.Translation.ControllerClass);
    private ImmutableHashSet<EquatableArray<PublishedAddress>> _shown = [];
    private string? _missing;
    private long _missingSince;
    private bool _isLogged;

    /// <summary>The time until the next call of <see cref="CurrentAsync"/> is needed even without a change; null for never.</summary>
    public TimeSpan? UntilDue =>
        _missing is null || _isLogged ? nodes.UntilDue
        : LogDelay - time.GetElapsedTime(_missingSince) is var left && nodes.UntilDue is { } read && read < left ? read : left;

    /// <summary>Returns the addresses that Ingresses show now. Not thread-safe.</summary>
    public async Task<StatusTarget> CurrentAsync(ClusterSnapshot snapshot, CancellationToken cancellation)
    {
        var replicas = options.Translation.ReplicasService;
        var read = await nodes.ReadAsync(StatusAddresses.NodeNames(options.Status, replicas, snapshot), cancellation);
        var found = StatusAddresses.Find(options.Status, replicas, snapshot, read);
        LogMissing(found);
        if (found.Addresses.Count > 0)
            _shown = _shown.Add(found.Addresses);
        return new StatusTarget(found.Addresses, _shown) { FieldManager = _fieldManager };
    }

    private void LogMissing(StatusAddresses found)
    {
        if (found.Missing != _missing)
            (_missing, _missingSince, _isLogged) = (found.Missing, time.GetTimestamp(), false);
        if (_missing is null || _isLogged || time.GetElapsedTime(_missingSince) < LogDelay)
            return;
        _isLogged = true;
        Log.AddressesMissing(logger, found.IsMisconfigured ? LogLevel.Warning : LogLevel.Information, _missing);
    }

    private static partial class Log
    {
        [LoggerMessage(Message = "the status of Ingresses stays unchanged: {Reason}")]
        public static partial void AddressesMissing(ILogger logger, LogLevel level, string reason);
    }
}
