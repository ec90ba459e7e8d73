using System.Globalization;
using System.Net;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Leasing;
using k8s.Models;

namespace IngressController.Tests.Leasing;

/// <summary>The Lease at an API server, and the network to it. Requests and responses are delayed or lost.</summary>
internal sealed class SimulatedLease(SimulatedWorld world)
{
    private long _version = 100;

    public V1Lease? Stored { get; private set; }

    public string Holder => Stored?.Spec?.HolderIdentity ?? "";

    /// <summary>The delay of a request or a response.</summary>
    public Func<TimeSpan> Latency { get; set; } = () => world.Between(0.001, 0.02);

    /// <summary>True if the next request of a process, or the response to it, is lost.</summary>
    public Func<SimulatedClock, bool> Loses { get; set; } = static _ => false;

    /// <summary>The error of a request; null if it is carried out.</summary>
    public Func<SimulatedClock, Exception?> Refuses { get; set; } = static _ => null;

    /// <summary>Receives each write before it is stored.</summary>
    public Action<V1Lease> OnWrite { get; set; } = static _ => { };

    /// <summary>The requests of each process with their times.</summary>
    public List<(TimeSpan At, SimulatedClock Process, string Verb)> Requests { get; } = [];

    public LeaseAccess AccessOf(SimulatedClock process) => new(
        cancellation => CallAsync(process, "get", () => Stored, cancellation),
        async (lease, cancellation) => (await CallAsync(process, "create", () => Create(lease), cancellation).ConfigureAwait(false))!,
        async (lease, cancellation) => (await CallAsync(process, "patch", () => Patch(lease), cancellation).ConfigureAwait(false))!);

    /// <summary>Changes the Lease as another program does.</summary>
    public void Edit(Func<V1Lease, V1Lease?> edit) => Store(edit(Stored ?? new V1Lease { Metadata = new V1ObjectMeta { Name = "lease" } }));

    public static ApiServerException Refusal(int code, string reason) =>
        new("PUT lease", (HttpStatusCode)code, new V1Status { Code = code, Reason = reason, Message = reason });

    private V1Lease Create(V1Lease lease)
    {
        if (Stored is not null)
            throw Refusal(409, "AlreadyExists");
        OnWrite(lease);
        return Store(lease)!;
    }

    private V1Lease Patch(V1Lease lease)
    {
        if (Stored is null)
            throw Refusal(404, "NotFound");
        if (lease.Metadata?.ResourceVersion is { } version && version != Stored.Metadata!.ResourceVersion)
            throw Refusal(409, "Conflict");
        OnWrite(lease);
        return Store(Stored with
        {
            Spec = (Stored.Spec ?? new V1LeaseSpec()) with
            {
                HolderIdentity = lease.Spec.HolderIdentity,
                LeaseDurationSeconds = lease.Spec.LeaseDurationSeconds,
                AcquireTime = lease.Spec.AcquireTime,
                RenewTime = lease.Spec.RenewTime,
                LeaseTransitions = lease.Spec.LeaseTransitions ?? Stored.Spec?.LeaseTransitions,
            },
        })!;
    }

    private V1Lease? Store(V1Lease? lease) => Stored = lease is null ? null : lease with
    {
        Metadata = new V1ObjectMeta { Name = "lease", ResourceVersion = (++_version).ToString(CultureInfo.InvariantCulture) },
    };

    private Task<V1Lease?> CallAsync(SimulatedClock process, string verb, Func<V1Lease?> carryOut, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Requests.Add((world.Now, process, verb));
        // Continuations run where it is completed: in the event of the response.
        var answer = new TaskCompletionSource<V1Lease?>();
        cancellation.Register(() => answer.TrySetCanceled(cancellation));
        if (Loses(process))
            return answer.Task;
        // A request in flight is carried out whether or not the client still waits.
        world.After(Latency(), () =>
        {
            V1Lease? result = null;
            var error = Refuses(process);
            try
            {
                if (error is null)
                    result = carryOut();
            }
            catch (ApiServerException refusal)
            {
                error = refusal;
            }

            if (Loses(process))
                return;
            world.After(Latency(), () => process.Run(() => _ = error is null ? answer.TrySetResult(result) : answer.TrySetException(error)));
        });
        return answer.Task;
    }
}
