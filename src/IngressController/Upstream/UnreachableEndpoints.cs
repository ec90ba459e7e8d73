using Yarp.ReverseProxy.Model;

namespace IngressController.Upstream;

/// <summary>
/// The endpoints of a cluster that took no connection a moment ago. They are tried last, because a slice lists a Pod for some time after it
/// has ended. Immutable; a cluster whose endpoints all take connections has none.
/// </summary>
internal sealed class UnreachableEndpoints
{
    /// <summary>Longer than a slice takes to follow a Pod's end, and short enough for one that starts again.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);

    private readonly (DestinationState Endpoint, long Since)[] _entries;

    private UnreachableEndpoints((DestinationState, long)[] entries) => _entries = entries;

    public static UnreachableEndpoints With(UnreachableEndpoints? current, DestinationState endpoint, TimeProvider time) => new(
        [.. (current?._entries ?? []).Where(entry => entry.Endpoint != endpoint && !HasExpired(entry.Since, time)), (endpoint, time.GetTimestamp())]);

    public bool Contains(DestinationState endpoint, TimeProvider time)
    {
        foreach (var (known, since) in _entries)
        {
            if (ReferenceEquals(known, endpoint))
                return !HasExpired(since, time);
        }

        return false;
    }

    private static bool HasExpired(long since, TimeProvider time) => time.GetElapsedTime(since) >= Lifetime;
}
