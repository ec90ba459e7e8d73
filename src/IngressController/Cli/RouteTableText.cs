using IngressController.Views;

namespace IngressController.Cli;

/// <summary>Formats the live routes as a table for the terminal.</summary>
internal static class RouteTableText
{
    public static string Format(IReadOnlyList<RouteView> routes) => TextTable.Format(
    [
        ["HOST", "MATCH", "PATH", "BACKEND", "INGRESS"],
        .. routes.Select(route => new[] { route.Host, route.PathType, route.Path, Backend(route), route.Ingress }),
    ]);

    private static string Backend(RouteView route)
    {
        var main = route.Weights is { } weights ? string.Join(", ", weights.Select(weighted => $"{weighted.Weight} {weighted.Backend}"))
            : route.Backend ?? route.Redirect ?? $"503 ({route.Unavailable})";
        return string.Concat([main, .. (route.Canaries ?? []).Select(canary => $", canary {canary.Backend} ({canary.Rules})")]);
    }
}
