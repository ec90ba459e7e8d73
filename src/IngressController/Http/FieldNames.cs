namespace IngressController.Http;

/// <summary>
/// Finds names of fields of HTTP/1.1 with control characters, which Kestrel passes on. Some servers ignore such characters, and would see
/// another field. They are refused as in nginx; other names that are no tokens are not forwarded.
/// </summary>
internal static class FieldNames
{
    /// <summary>True if all names are visible ASCII.</summary>
    public static bool AreVisible(IHeaderDictionary headers)
    {
        foreach (var (name, _) in headers)
        {
            if (name.AsSpan().ContainsAnyExceptInRange('!', '~'))
                return false;
        }

        return true;
    }
}
