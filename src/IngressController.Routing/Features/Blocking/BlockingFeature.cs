using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Blocking;

/// <summary>Block lists: settings for all routes that no annotation can change.</summary>
public static class BlockingFeature
{
    public static RouteFeature Feature { get; } = new("Block lists", [], Read) { Settings = BlockSettings.Keys };

    private static IEnumerable<RoutePolicy> Read(PolicyContext context) =>
        context.Settings.Get<BlockSettings>().Policy is var policy && policy == BlockPolicy.None ? [] : [policy];
}
