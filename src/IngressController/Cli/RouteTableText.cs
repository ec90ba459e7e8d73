using System.Text;
using IngressController.Admin;

namespace IngressController.Cli;

/// <summary>The live routes as a table for the terminal.</summary>
internal static class RouteTableText
{
    public static string Format(IReadOnlyList<RouteView> routes)
    {
        string[][] rows =
        [
            ["HOST", "MATCH", "PATH", "BACKEND", "INGRESS"],
            .. routes.Select(route => new[] { route.Host, route.PathType, route.Path, route.Backend ?? $"503 ({route.Unavailable})", route.Ingress }),
        ];
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var row in rows)
            text.AppendLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        return text.ToString();
    }
}
