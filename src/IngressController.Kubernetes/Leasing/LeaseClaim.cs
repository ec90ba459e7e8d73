using IngressController.Kubernetes.Client;
using k8s.Models;

namespace IngressController.Kubernetes.Leasing;

/// <summary>
/// The Lease as one candidate knows it: acquires, renews and releases it. The expiry of another holder is measured from the time at which
/// this process saw the record change, on its own monotonic clock: the times in the record are of clocks that may be hours off.
/// </summary>
internal sealed class LeaseClaim(LeaseAccess access, LeaderElectorOptions options, TimeProvider time)
{
    /// <summary>Maximum number of immediate retries after a change by someone else, such as of a label.</summary>
    private const int MaxConflictRetries = 3;

    private V1Lease? _lease;
    private Record? _seen;
    private long _seenAt;

    /// <summary>The last known holder of the lease; empty if there is none.</summary>
    public string Holder => _seen?.Holder ?? "";

    /// <summary>True if the Lease may name this candidate: a request without a response may have been carried out.</summary>
    public bool MayBeHeld { get; private set; }

    private bool IsHeldByAnother =>
        _seen is { Holder: var holder } record && holder.Length > 0 && holder != options.Identity
        && time.GetElapsedTime(_seenAt) < (record.Seconds > 0 ? TimeSpan.FromSeconds(record.Seconds) : options.LeaseDuration);

    /// <summary>Acquires the lease if it is free, expired, or already held by this candidate.</summary>
    /// <returns>The timestamp taken just before the request that acquired it; null if another holds it or was faster.</returns>
    public async Task<long?> AcquireAsync(CancellationToken cancellation)
    {
        Observe(await access.Get(cancellation).ConfigureAwait(false));
        if (IsHeldByAnother)
            return null;
        try
        {
            return await WriteAsync(cancellation).ConfigureAwait(false);
        }
        catch (ApiServerException error) when (IsLostRace(error))
        {
            return null;
        }
    }

    /// <summary>Renews the lease without reading it first.</summary>
    /// <returns>The timestamp taken just before the request that renewed it; null if it names another holder or none.</returns>
    public async Task<long?> RenewAsync(CancellationToken cancellation)
    {
        for (var conflicts = 0; ; conflicts++)
        {
            try
            {
                return await WriteAsync(cancellation).ConfigureAwait(false);
            }
            catch (ApiServerException error) when (conflicts < MaxConflictRetries && (IsLostRace(error) || error.IsNotFound))
            {
                // Someone wrote or deleted it, or the last renewal was carried out and its response was lost.
            }

            Observe(await access.Get(cancellation).ConfigureAwait(false));
            if (_lease is not null && Holder != options.Identity)
                return null;
        }
    }

    /// <summary>Clears the holder, so that another candidate acquires the lease at once.</summary>
    /// <returns>True if the Lease named this candidate; otherwise nothing was changed.</returns>
    public async Task<bool> ReleaseAsync(CancellationToken cancellation)
    {
        for (var conflicts = 0; ; conflicts++)
        {
            Observe(await access.Get(cancellation).ConfigureAwait(false));
            if (_lease is null || Holder != options.Identity)
                return false;
            try
            {
                var now = time.GetUtcNow().UtcDateTime;
                // One second, as in client-go: older candidates do not check for an empty holder.
                var spec = new V1LeaseSpec { HolderIdentity = "", LeaseDurationSeconds = 1, AcquireTime = now, RenewTime = now };
                Observe(await access.Patch(PatchOf(_lease, spec), cancellation).ConfigureAwait(false));
                return true;
            }
            catch (ApiServerException error) when (conflicts < MaxConflictRetries && IsLostRace(error))
            {
                // The next pass reads it again.
            }
        }
    }

    private async Task<long> WriteAsync(CancellationToken cancellation)
    {
        var spec = NextSpec();
        // Taken before the request: others count from the time at which the server carries it out, which is later.
        var sent = time.GetTimestamp();
        MayBeHeld = true;
        var written = _lease is null
            ? await access.Create(NewLease(spec), cancellation).ConfigureAwait(false)
            : await access.Patch(PatchOf(_lease, spec), cancellation).ConfigureAwait(false);
        if (written.Spec?.HolderIdentity != options.Identity)
            throw new InvalidDataException($"the API server stored the holder \"{written.Spec?.HolderIdentity}\" instead of \"{options.Identity}\"; does an admission webhook change Leases?");
        Observe(written);
        return sent;
    }

    private V1LeaseSpec NextSpec()
    {
        var now = time.GetUtcNow().UtcDateTime;
        var (old, isOwn) = (_lease?.Spec, _lease?.Spec?.HolderIdentity == options.Identity);
        return new V1LeaseSpec
        {
            HolderIdentity = options.Identity,
            LeaseDurationSeconds = (int)Math.Ceiling(options.LeaseDuration.TotalSeconds),
            AcquireTime = isOwn ? old?.AcquireTime ?? now : now,
            RenewTime = now,
            LeaseTransitions = _lease is null ? 0 : (old?.LeaseTransitions ?? 0) + (isOwn ? 0 : 1),
        };
    }

    private V1Lease NewLease(V1LeaseSpec spec) => new()
    {
        ApiVersion = $"{V1Lease.KubeGroup}/{V1Lease.KubeApiVersion}",
        Kind = V1Lease.KubeKind,
        Metadata = new V1ObjectMeta
        {
            Name = options.Name,
            NamespaceProperty = options.Namespace,
            OwnerReferences = options.Owner is { } owner ? [owner] : null,
        },
        Spec = spec,
    };

    private static V1Lease PatchOf(V1Lease lease, V1LeaseSpec spec) =>
        new() { Metadata = new V1ObjectMeta { ResourceVersion = lease.Metadata.ResourceVersion }, Spec = spec };

    /// <summary>
    /// Stores the Lease that was read or written. An unchanged record keeps its age, and so does that of a deleted Lease: its holder may
    /// not have noticed, and recreates it with its next renewal.
    /// </summary>
    private void Observe(V1Lease? lease)
    {
        _lease = lease;
        if (lease is null || Record.Of(lease.Spec) is var record && record == _seen)
            return;
        _seen = record;
        _seenAt = time.GetTimestamp();
    }

    private static bool IsLostRace(ApiServerException error) => error.IsConflict || error.IsAlreadyExists;

    /// <summary>The fields whose change is a sign of life.</summary>
    private sealed record Record(string Holder, int Seconds, DateTime? AcquireTime, DateTime? RenewTime, int? Transitions)
    {
        public static Record Of(V1LeaseSpec? spec) =>
            new(spec?.HolderIdentity ?? "", spec?.LeaseDurationSeconds ?? 0, spec?.AcquireTime, spec?.RenewTime, spec?.LeaseTransitions);
    }
}
