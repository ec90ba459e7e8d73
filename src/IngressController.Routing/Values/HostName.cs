using System.Net;
using System.Text;

namespace IngressController.Routing.Values;

/// <summary>The host of an Ingress rule: a DNS name, or one with a wildcard as its whole first label.</summary>
internal static class HostName
{
    private const string NotDns =
        "is not a DNS name: use labels of a-z, 0-9 and inner hyphens with at most 63 characters, and the xn-- form of non-ASCII names";

    /// <summary>
    /// Returns the host in lower case without a final dot, or null with a reason when it is invalid. An empty host means every host.
    /// </summary>
    public static string? Normalize(string? host, out string reason)
    {
        reason = "";
        if (string.IsNullOrEmpty(host))
            return "";

        // Checked before lowering: the lower case of some characters outside ASCII is inside (the Kelvin sign becomes k).
        if (!Ascii.IsValid(host))
        {
            reason = NotDns;
            return null;
        }

        var normalized = (host.EndsWith('.') ? host[..^1] : host).ToLowerInvariant();
        var name = normalized.StartsWith("*.", StringComparison.Ordinal) ? normalized[2..] : normalized;
        reason = Problem(name, normalized);
        return reason.Length == 0 ? normalized : null;
    }

    private static string Problem(string name, string whole)
    {
        if (whole.Length > 253)
            return "is longer than 253 characters";
        if (name.Contains('*'))
            return "may contain a wildcard only as its whole first label, such as *.example.com";
        if (whole.Contains(':'))
            return "must be a host without scheme and port";
        if (IPAddress.TryParse(name, out _))
            return "must be a DNS name, not an IP address";
        return name.Split('.').All(IsLabel)
            ? ""
            : NotDns;
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= 63
        && label[0] != '-' && label[^1] != '-'
        && label.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_');
}
