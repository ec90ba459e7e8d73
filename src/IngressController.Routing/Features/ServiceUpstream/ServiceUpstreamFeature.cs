using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.ServiceUpstream;

/// <summary>The cluster IP of a Service in place of its endpoints.</summary>
public static class ServiceUpstreamFeature
{
    public static AnnotationKey<bool> ServiceUpstream { get; } = new()
    {
        Name = "service-upstream",
        Form = ValueForms.Boolean,
        DefaultSetting = new SettingDefault("service-upstream", "false"),
        Documentation = "Sends the requests of the Ingress to the cluster IP and port of its Services, and leaves the choice of a Pod to the cluster, as service "
            + "meshes and proxies of the nodes need it. Kept connections stay with one Pod each. affinity sets no cookie then, load-balance and "
            + "upstream-hash-by have one endpoint to choose from, a retry goes to the same address, and the readiness of Pods does not matter here: the "
            + "response is 502 or 504 if there is none. A Service without a cluster IP (headless, ExternalName) is served by its endpoints.",
    };

    public static RouteFeature Feature { get; } = new("Cluster IP", [ServiceUpstream], Read) { Settings = ServiceUpstreamSettings.Keys };

    private static IEnumerable<RoutePolicy> Read(PolicyContext context) =>
        context.Annotations.Read(ServiceUpstream, context.Settings.Get<ServiceUpstreamSettings>().UsesClusterIp) ? [new ServiceUpstreamPolicy()] : [];
}

/// <summary>The upstream of Ingresses without an annotation for it.</summary>
public sealed record ServiceUpstreamSettings : FeatureSettings
{
    public bool UsesClusterIp { get; init; }

    internal static IReadOnlyList<SettingKey> Keys =>
    [
        SettingKey.Of("service-upstream", ValueForms.Boolean, "false",
            "Sends requests to the cluster IPs of Services, for Ingresses without service-upstream.",
            (ServiceUpstreamSettings settings, bool value) => settings with { UsesClusterIp = value }),
    ];
}
