using Microsoft.Extensions.Primitives;

namespace IngressController.Http;

/// <summary>The field Vary of responses (RFC 9110, 12.5.5).</summary>
internal static class VaryField
{
    /// <summary>Adds a field of requests, unless it is there.</summary>
    public static void Add(IHeaderDictionary headers, string name)
    {
        foreach (var value in headers.Vary)
        {
            foreach (var range in value.AsSpan().Split(','))
            {
                var known = value.AsSpan()[range].Trim();
                if (known is "*" || known.Equals(name, StringComparison.OrdinalIgnoreCase))
                    return;
            }
        }

        headers.Vary = StringValues.Concat(headers.Vary, name);
    }
}
