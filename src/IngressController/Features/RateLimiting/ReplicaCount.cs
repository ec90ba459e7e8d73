namespace IngressController.Features.RateLimiting;

/// <summary>How many replicas of the controller are ready: who learns it writes it, limits of the scope Cluster are divided by it.</summary>
internal sealed class ReplicaCount
{
    private volatile int _ready = 1;

    /// <summary>At least 1: this replica serves, whatever its Service says.</summary>
    public int Ready
    {
        get => _ready;
        set => _ready = Math.Max(1, value);
    }
}
