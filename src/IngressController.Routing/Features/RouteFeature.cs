using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features;

/// <summary>
/// A feature as translation sees it: its annotations and the policies that they become. The host acts on the policies, in the folder of the
/// same name.
/// </summary>
/// <param name="Name">The heading in the documentation.</param>
/// <param name="Keys">Its annotations; empty if only the operator can ask for it.</param>
/// <param name="Read">Reads the policies of one Ingress; empty when it asks for nothing.</param>
public sealed record RouteFeature(string Name, IReadOnlyList<AnnotationKey> Keys, Func<PolicyContext, IEnumerable<RoutePolicy>> Read)
{
    /// <summary>Its settings for all Ingresses.</summary>
    public IReadOnlyList<SettingKey> Settings { get; init; } = [];

    /// <summary>True if it is read from a canary too.</summary>
    public bool AppliesToCanaries { get; } = Keys.Any(key => key.CanaryUse != CanaryUse.OfMain);
}
