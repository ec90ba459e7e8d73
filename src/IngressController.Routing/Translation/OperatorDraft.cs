using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Features;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;
using k8s.Models;

namespace IngressController.Routing.Translation;

/// <summary>
/// The part of a pass that depends on the operator: the settings of all Ingresses, the default route and certificate, and the objects that
/// options name.
/// </summary>
internal sealed class OperatorDraft(Translation previous, ClusterSnapshot snapshot)
{
    public GlobalSettings Global { get; private set; } = previous.Global;

    public EquatableArray<Diagnostic> Diagnostics { get; private set; } = previous.GlobalDiagnostics;

    public int Replicas { get; private set; } = previous.Table.Replicas;

    /// <summary>True if the settings differ from those of the previous pass.</summary>
    public bool HasChanged => Global != previous.Global;

    public void ReadSettings(ClusterChanges changes)
    {
        var configMap = previous.Settings.ConfigMap;
        if (!previous.IsEmpty && !previous.Global.ConfigMaps.Append(configMap ?? default).Any(changes.ConfigMaps.Contains))
            return;
        var diagnostics = new List<Diagnostic>();
        if (configMap is { } name)
            Global = SettingsReader.Read(name, snapshot.ConfigMaps.GetValueOrDefault(name), previous.Settings.Catalog.Settings, previous.Settings.Global, diagnostics);
        Global = Global.ReadConfigMaps(named => snapshot.ConfigMaps.GetValueOrDefault(named), configMap, diagnostics);
        Diagnostics = [.. diagnostics];
    }

    public void CountReplicas(IReadOnlySet<ResourceName> changedServices)
    {
        if (previous.Settings.ReplicasService is { } service && changedServices.Contains(service))
            Replicas = ReplicaCount.Of(snapshot.Endpoints.Of(service));
    }

    /// <summary>The route of requests that match no rule; the same object while nothing changes.</summary>
    public Route? DefaultRoute() =>
        previous.Table.DefaultRoute is { } kept && !HasChanged ? kept : DefaultBackend.Route(previous.Settings.DefaultBackendService, SettingsAlone);

    public TlsBinding? DefaultCertificate() =>
        previous.Settings.DefaultSslCertificate is { } name && snapshot.TlsSecrets.GetValueOrDefault(name)?.Certificate is { } certificate
            ? new TlsBinding("", name, certificate)
            : null;

    /// <summary>The Secrets and ConfigMaps that Ingresses, options and settings name.</summary>
    public ObjectReferences References(ObjectReferences ofFragments)
    {
        if (ReferenceEquals(ofFragments, previous.Fragments.References) && !ReferenceEquals(previous.References, ObjectReferences.None)
            && Global.ConfigMaps.SequenceEqual(previous.Global.ConfigMaps))
        {
            return previous.References;
        }

        var settings = previous.Settings;
        return new ObjectReferences(
            settings.DefaultSslCertificate is { } certificate ? ofFragments.Secrets.Add(certificate) : ofFragments.Secrets,
            (settings.ConfigMap is { } configMap ? ofFragments.ConfigMaps.Add(configMap) : ofFragments.ConfigMaps).Union(Global.ConfigMaps));
    }

    /// <summary>
    /// The policies of the settings apply where no rule matches too, above all the block lists; redirects to https do not.
    /// </summary>
    private RoutePolicies SettingsAlone() =>
        new PolicyContext(new V1Ingress(), snapshot, previous.Settings.PolicyOptions, Global, []).ReadPolicies().OfDefaultBackend;
}
