using IngressController.Routing.Table;

namespace IngressController.Routing.Translation;

/// <summary>
/// The users of each backend: the Ingresses that name it, and the hosts that have a canary with it. The backend of a canary depends on the
/// main Ingress, so that only the merged host knows it. Persistent: a change shares the rest.
/// </summary>
internal sealed class BackendUse(
    ReverseIndex<BackendId, ResourceName> byIngress, ReverseIndex<BackendId, string> byHost, ReverseIndex<ResourceName, BackendId> ofService)
{
    public static BackendUse Empty { get; } =
        new(ReverseIndex<BackendId, ResourceName>.Empty, ReverseIndex<BackendId, string>.Empty, ReverseIndex<ResourceName, BackendId>.Empty);

    /// <summary>The Ingresses that name a backend.</summary>
    public IEnumerable<ResourceName> Ingresses(BackendId backend) => byIngress[backend];

    /// <summary>The hosts that have a canary with a backend.</summary>
    public IEnumerable<string> HostsOfCanaries(BackendId backend) => byHost[backend];

    public Builder ToBuilder() => new(byIngress.ToBuilder(), byHost.ToBuilder(), ofService.ToBuilder());

    /// <summary>The users during one pass; it records the backends that became used or unused.</summary>
    public sealed class Builder(
        ReverseIndex<BackendId, ResourceName>.Builder byIngress, ReverseIndex<BackendId, string>.Builder byHost, ReverseIndex<ResourceName, BackendId>.Builder ofService)
    {
        /// <summary>Backends that became used or unused.</summary>
        public HashSet<BackendId> Touched { get; } = [];

        public bool IsUsed(BackendId backend) => byIngress.Contains(backend) || byHost.Contains(backend);

        /// <summary>The used backends of a Service.</summary>
        public IReadOnlyCollection<BackendId> OfService(ResourceName service) => ofService[service];

        public void Add(BackendId backend, ResourceName ingress)
        {
            Begin(backend);
            byIngress.Add(backend, ingress);
        }

        public void Remove(BackendId backend, ResourceName ingress)
        {
            byIngress.Remove(backend, ingress);
            End(backend);
        }

        /// <summary>Replaces the backends of the canaries of a host.</summary>
        public void SetCanaries(string host, IReadOnlyCollection<BackendId> before, IReadOnlyCollection<BackendId> now)
        {
            foreach (var backend in now)
            {
                Begin(backend);
                byHost.Add(backend, host);
            }

            foreach (var backend in before.Except(now))
            {
                byHost.Remove(backend, host);
                End(backend);
            }
        }

        public BackendUse ToUse() => new(byIngress.ToIndex(), byHost.ToIndex(), ofService.ToIndex());

        private void Begin(BackendId backend)
        {
            if (IsUsed(backend))
                return;
            Touched.Add(backend);
            ofService.Add(backend.Service, backend);
        }

        private void End(BackendId backend)
        {
            if (IsUsed(backend))
                return;
            Touched.Add(backend);
            ofService.Remove(backend.Service, backend);
        }
    }
}
