using System.Globalization;
using k8s.Models;

namespace IngressController.Routing.Translation;

/// <summary>
/// Finds ports of a Service. Its ports are unique by number and protocol: <c>443/UDP</c> beside <c>443/TCP</c> is how HTTP/3 is exposed.
/// </summary>
internal static class ServicePorts
{
    /// <summary>
    /// The TCP port with a number or name, or the first TCP port if none is asked for. Without one, the port of another protocol that
    /// matches, so that it can be reported; null if no port matches.
    /// </summary>
    /// <param name="spec">The Service.</param>
    /// <param name="port">A number or a name; empty means the first port.</param>
    public static V1ServicePort? Find(V1ServiceSpec? spec, string port)
    {
        V1ServicePort? other = null;
        foreach (var candidate in spec?.Ports ?? [])
        {
            if (candidate is null || !Matches(candidate, port))
                continue;
            if (IsTcp(candidate.Protocol))
                return candidate;
            other ??= candidate;
        }

        return other;
    }

    /// <summary>True if a protocol is TCP, which is the default.</summary>
    public static bool IsTcp(string? protocol) => protocol is null or "" or "TCP";

    /// <summary>The text of a port in messages.</summary>
    public static string Describe(V1ServicePort? port)
    {
        var number = IsTcp(port?.Protocol) ? $"{port?.Port}" : $"{port!.Port}/{port.Protocol}";
        return string.IsNullOrEmpty(port?.Name) ? number : $"{number} ({port.Name})";
    }

    public static bool IsNumber(string port, out int number) =>
        int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static bool Matches(V1ServicePort candidate, string port) =>
        port.Length == 0 || (IsNumber(port, out var number) ? candidate.Port == number : candidate.Name == port);
}
