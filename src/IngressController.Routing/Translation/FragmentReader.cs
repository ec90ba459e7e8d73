using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;
using k8s.Models;

namespace IngressController.Routing.Translation;

/// <summary>Reads single Ingresses during one pass.</summary>
internal sealed class FragmentReader(TranslationSettings settings, ClusterSnapshot snapshot)
{
    private readonly IngressClaim _claim = new(settings, snapshot.IngressClasses);
    private readonly HashSet<RoutePolicies> _sharedPolicies = [];

    /// <summary>What the Ingress says; null when it is none of ours.</summary>
    public IngressFragment? Read(V1Ingress ingress, GlobalSettings global)
    {
        if (_claim.IsOurs(ingress))
            return ReadOurs(ingress, global);
        if (!_claim.LacksOurClass(ingress))
            return null;
        return new IngressFragment
        {
            Name = ingress.ResourceName,
            Created = DateTime.MaxValue,
            IsClaimed = false,
            Diagnostics = [DiagnosticCatalog.IngressClassNotFound(ingress.ResourceName, ingress.Spec!.IngressClassName!)],
        };
    }

    /// <summary>An Ingress that we fail at is left out: what it said before may be open where it asks for protection now.</summary>
    private IngressFragment ReadOurs(V1Ingress ingress, GlobalSettings global)
    {
        try
        {
            return IngressReader.Read(ingress, snapshot, settings, global, _sharedPolicies);
        }
        catch (Exception error)
        {
            return new IngressFragment
            {
                Name = ingress.ResourceName,
                Created = ingress.Metadata?.CreationTimestamp ?? DateTime.MaxValue,
                Diagnostics = [DiagnosticCatalog.TranslationFailed(ingress.ResourceName, "the Ingress", error.GetType().Name, isLeftOut: true)],
            };
        }
    }
}
