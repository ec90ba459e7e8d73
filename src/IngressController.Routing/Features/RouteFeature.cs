using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features;

/// <summary>
/// One feature as translation sees it: the annotations it has, and how they become policies. What the policies do to a request stands
/// in the folder of the same name in the host.
/// </summary>
/// <param name="Name">The heading in the documentation.</param>
/// <param name="Keys">Its annotations; none where only the operator can ask for it.</param>
/// <param name="Read">Reads the policies of one Ingress; none when it asks for nothing.</param>
public sealed record RouteFeature(string Name, IReadOnlyList<AnnotationKey> Keys, Func<PolicyContext, IEnumerable<RoutePolicy>> Read)
{
    /// <summary>Its settings for all Ingresses.</summary>
    public IReadOnlyList<SettingKey> Settings { get; init; } = [];
}
