namespace IngressController.ClusterTests.Charts;

/// <summary>
/// The permissions that the roles of the chart grant, and those that they never grant, in the form of <see cref="AccessReview"/>.
/// </summary>
internal static class ChartGrants
{
    /// <summary>Permissions that no installation needs.</summary>
    public static readonly string[] NeverAllowed =
    [
        "create ingresses.networking.k8s.io in team-a", "update ingresses.networking.k8s.io in team-a", "patch ingresses.networking.k8s.io in team-a",
        "delete ingresses.networking.k8s.io in team-a", "update ingresses.networking.k8s.io/status in team-a",
        "create ingressclasses.networking.k8s.io", "patch ingressclasses.networking.k8s.io", "get ingressclasses.networking.k8s.io",
        "create secrets in team-a", "update secrets in team-a", "patch secrets in team-a", "delete secrets in team-a",
        "create configmaps in yarp-ingress", "update configmaps in yarp-ingress", "patch services in team-a", "update endpointslices.discovery.k8s.io in team-a",
        "get pods in team-a", "list pods in yarp-ingress", "create pods in yarp-ingress", "create pods/exec in yarp-ingress", "list nodes", "watch nodes", "list namespaces",
        "get events.events.k8s.io in team-a", "delete events.events.k8s.io in team-a", "create events in team-a",
        "get leases.coordination.k8s.io/another in yarp-ingress", "patch leases.coordination.k8s.io/another in yarp-ingress",
        "list leases.coordination.k8s.io in yarp-ingress", "delete leases.coordination.k8s.io in yarp-ingress", "create leases.coordination.k8s.io in team-a",
        "get leases.coordination.k8s.io/yarp-ingress-leader in kube-system",
        "create serviceaccounts/token in yarp-ingress", "get roles.rbac.authorization.k8s.io in yarp-ingress", "list customresourcedefinitions.apiextensions.k8s.io",
        "get deployments.apps in yarp-ingress", "* *",
    ];

    public static IEnumerable<string> WhereIngressesAreServed(string ns) =>
    [
        "list ingressclasses.networking.k8s.io", "watch ingressclasses.networking.k8s.io",
        $"list ingresses.networking.k8s.io in {ns}", $"watch ingresses.networking.k8s.io in {ns}", $"patch ingresses.networking.k8s.io/status in {ns}",
        $"list services in {ns}", $"watch services in {ns}", $"list endpointslices.discovery.k8s.io in {ns}", $"watch endpointslices.discovery.k8s.io in {ns}",
        $"get secrets in {ns}", $"list secrets in {ns}", $"watch secrets in {ns}", $"get configmaps in {ns}", $"list configmaps in {ns}", $"watch configmaps in {ns}",
        $"create events.events.k8s.io in {ns}", $"patch events.events.k8s.io in {ns}",
    ];

    public static IEnumerable<string> OfItself(string lease) =>
    [
        "create leases.coordination.k8s.io in yarp-ingress", $"get leases.coordination.k8s.io/{lease} in yarp-ingress",
        $"patch leases.coordination.k8s.io/{lease} in yarp-ingress",
    ];
}
