using System.Collections.Immutable;
using IngressController.Configuration;
using IngressController.Routing.Cluster;

namespace IngressController.Status;

/// <summary>Knows what Ingresses are to show, and says so when it does not.</summary>
internal sealed partial class StatusTargets(
    IngressOptions options, NodeAddresses nodes, TimeProvider time, ILogger<StatusTargets> logger)
{
    /// <summary>How long something has to be missing before it is said: lists come one after the other at the start, and a Service may be replaced.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly string _fieldManager = StatusPlan.FieldManagerOf(options.Translation.ControllerClass);
    private ImmutableHashSet<EquatableArray<PublishedAddress>> _shown = [];
    private string? _missing;
    private long _missingSince;
    private bool _isSaid;

    /// <summary>How long until it should be asked again though nothing changed; null for never.</summary>
    public TimeSpan? UntilDue =>
        _missing is null || _isSaid ? nodes.UntilDue
        : Patience - time.GetElapsedTime(_missingSince) is var left && nodes.UntilDue is { } read && read < left ? read : left;

    /// <summary>What Ingresses are to show now. Not for concurrent use.</summary>
    public async Task<StatusTarget> CurrentAsync(ClusterSnapshot snapshot, CancellationToken cancellation)
    {
        var replicas = options.Translation.ReplicasService;
        var read = await nodes.ReadAsync(StatusAddresses.NodeNames(options.Status, replicas, snapshot), cancellation);
        var found = StatusAddresses.Find(options.Status, replicas, snapshot, read);
        Say(found);
        if (found.Addresses.Count > 0)
            _shown = _shown.Add(found.Addresses);
        return new StatusTarget(found.Addresses, _shown) { FieldManager = _fieldManager };
    }

    private void Say(StatusAddresses found)
    {
        if (found.Missing != _missing)
            (_missing, _missingSince, _isSaid) = (found.Missing, time.GetTimestamp(), false);
        if (_missing is null || _isSaid || time.GetElapsedTime(_missingSince) < Patience)
            return;
        _isSaid = true;
        if (found.IsMistake)
            Log.Mistake(logger, _missing);
        else
            Log.Missing(logger, _missing);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Reason}; the status of Ingresses stays as it is")]
        public static partial void Mistake(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Information, Message = "{Reason}; the status of Ingresses stays as it is")]
        public static partial void Missing(ILogger logger, string reason);
    }
}
