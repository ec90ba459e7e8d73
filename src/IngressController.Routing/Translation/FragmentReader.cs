using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Features;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;
using k8s.Models;

namespace IngressController.Routing.Translation;

/// <summary>Reads single Ingresses during one pass.</summary>
internal sealed class FragmentReader(TranslationSettings settings, ClusterSnapshot snapshot)
{
    private readonly IngressClaim _claim = new(settings, snapshot.IngressClasses);
    private readonly PolicyOptions _options = settings.PolicyOptions;
    private readonly HashSet<RoutePolicies> _sharedPolicies = [];

    /// <summary>The fragment of an Ingress; null when it is not claimed.</summary>
    public IngressFragment? Read(V1Ingress ingress, GlobalSettings global)
    {
        if (_claim.IsClaimed(ingress))
            return ReadClaimed(ingress, global);
        if (_claim.LacksIngressClass(ingress))
            return Unclaimed(ingress, DiagnosticCatalog.IngressClassNotFound(ingress.ResourceName, ingress.Spec!.IngressClassName!));
        return _claim.MisspeltClass(ingress) is { } misspelt
            ? Unclaimed(ingress, DiagnosticCatalog.ClassAnnotationMisspelt(ingress.ResourceName, misspelt))
            : null;
    }

    private static IngressFragment Unclaimed(V1Ingress ingress, Diagnostic diagnostic) => new()
    {
        Name = ingress.ResourceName,
        Created = DateTime.MaxValue,
        IsClaimed = false,
        Diagnostics = [diagnostic],
    };

    /// <summary>An Ingress that cannot be read is ignored: its earlier version may be open where it asks for protection now.</summary>
    private IngressFragment ReadClaimed(V1Ingress ingress, GlobalSettings global)
    {
        try
        {
            return IngressReader.Read(ingress, snapshot, _options, global, _sharedPolicies);
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
