using IngressController.Kubernetes.Client;
using k8s.Models;

namespace IngressController.Kubernetes.Leasing;

/// <summary>
/// What one candidate knows of the Lease, and how it takes, renews and gives it back. Whether another's hold has expired is judged by
/// when this process saw the record change, on its own steady clock: the times in the record are of clocks that may be hours away.
/// </summary>
internal sealed class LeaseClaim(LeaseAccess access, LeaderElectorOptions options, TimeProvider time)
{
    /// <summary>How often a change by somebody else, say of a label, is taken into account at once.</summary>
    private const int ConflictRetries = 3;

    private V1Lease? _lease;
    private Record? _seen;
    private long _seenAt;

    /// <summary>Who holds the lease as far as is known; empty for nobody.</summary>
    public string Holder => _seen?.Holder ?? "";

    /// <summary>Whether the Lease may name this candidate: a request that got no answer may have been carried out.</summary>
    public bool MayBeHeld { get; private set; }

    private bool IsHeldByAnother =>
        _seen is { Holder: var holder } record && holder.Length > 0 && holder != options.Identity
        && time.GetElapsedTime(_seenAt) < (record.Seconds > 0 ? TimeSpan.FromSeconds(record.Seconds) : options.LeaseDuration);

    /// <summary>Takes the lease if it is free, expired, or ours from before.</summary>
    /// <returns>The timestamp of just before the request that took it; null when another holds it or was faster.</returns>
    public async Task<long?> TakeAsync(CancellationToken cancellation)
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
    /// <returns>The timestamp of just before the request that renewed it; null when it names another, or nobody any more.</returns>
    public async Task<long?> RenewAsync(CancellationToken cancellation)
    {
        for (var conflicts = 0; ; conflicts++)
        {
            try
            {
                return await WriteAsync(cancellation).ConfigureAwait(false);
            }
            catch (ApiServerException error) when (conflicts < ConflictRetries && (IsLostRace(error) || error.IsNotFound))
            {
                // Somebody wrote or deleted it, or our own last renewal was carried out and its answer lost.
            }

            Observe(await access.Get(cancellation).ConfigureAwait(false));
            if (_lease is not null && Holder != options.Identity)
                return null;
        }
    }

    /// <summary>Empties the Lease, so that another takes it at once.</summary>
    /// <returns>Whether it named this candidate; else there was nothing to do.</returns>
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
                // One second, as client-go writes it: older candidates do not look at the holder's being empty.
                var spec = new V1LeaseSpec { HolderIdentity = "", LeaseDurationSeconds = 1, AcquireTime = now, RenewTime = now };
                Observe(await access.Patch(Change(_lease, spec), cancellation).ConfigureAwait(false));
                return true;
            }
            catch (ApiServerException error) when (conflicts < ConflictRetries && IsLostRace(error))
            {
                // Read it again.
            }
        }
    }

    private async Task<long> WriteAsync(CancellationToken cancellation)
    {
        var spec = NextSpec();
        // Before the request: others count from when the server has carried it out, which is later.
        var sent = time.GetTimestamp();
        MayBeHeld = true;
        var written = _lease is null
            ? await access.Create(Begin(spec), cancellation).ConfigureAwait(false)
            : await access.Patch(Change(_lease, spec), cancellation).ConfigureAwait(false);
        if (written.Spec?.HolderIdentity != options.Identity)
            throw new InvalidDataException($"the API server stored the holder \"{written.Spec?.HolderIdentity}\" instead of \"{options.Identity}\"; does an admission webhook change Leases?");
        Observe(written);
        return sent;
    }

    private V1LeaseSpec NextSpec()
    {
        var now = time.GetUtcNow().UtcDateTime;
        var (old, isOurs) = (_lease?.Spec, _lease?.Spec?.HolderIdentity == options.Identity);
        return new V1LeaseSpec
        {
            HolderIdentity = options.Identity,
            LeaseDurationSeconds = (int)Math.Ceiling(options.LeaseDuration.TotalSeconds),
            AcquireTime = isOurs ? old?.AcquireTime ?? now : now,
            RenewTime = now,
            LeaseTransitions = _lease is null ? 0 : (old?.LeaseTransitions ?? 0) + (isOurs ? 0 : 1),
        };
    }

    private V1Lease Begin(V1LeaseSpec spec) => new()
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

    private static V1Lease Change(V1Lease lease, V1LeaseSpec spec) =>
        new() { Metadata = new V1ObjectMeta { ResourceVersion = lease.Metadata.ResourceVersion }, Spec = spec };

    /// <summary>
    /// A record that is the same keeps its age, and so does that of a Lease that has been deleted: whoever held it may not have noticed,
    /// and puts it back with its next renewal.
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
