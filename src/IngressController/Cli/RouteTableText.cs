using IngressController.Views;

namespace IngressController.Cli;

/// <summary>Formats the live routes as a table for the terminal.</summary>
internal static class RouteTableText
{
    public static string Format(IReadOnlyList<RouteView> routes) => TextTable.Format(
    [
        ["HOST", "MATCH", "PATH", "BACKEND", "INGRESS"],
        .. routes.Select(route => new[] { route.Host, route.PathType, route.Path, route.Backend ?? route.Redirect ?? $"503 ({route.Unavailable})", route.Ingress }),
    ]);
}
