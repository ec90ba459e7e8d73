using System.Text;
using IngressController.Pipeline;
using IngressController.Routing.Values;

namespace IngressController.Features.ExternalAuthentication;

/// <summary>The page to which clients that are not signed in are redirected (auth-signin).</summary>
internal sealed class SignInPage(ValueTemplate url)
{
    private readonly (ValueTemplate Part, bool MayLeadElsewhere)[] _parts = [.. Enumerable.Range(0, url.Parts.Count).Select(i => (
        new ValueTemplate([url.Parts[i]]),
        url.Parts[i].Variable is TemplateVariable.RequestUri or TemplateVariable.EscapedRequestUri
            && !(i > 0 && url.Parts[i - 1].Variable is TemplateVariable.Host or TemplateVariable.HttpHost or TemplateVariable.ServerPort or TemplateVariable.ServerName)))];

    public string Location(ProxyRequest request)
    {
        var location = new StringBuilder();
        foreach (var (part, mayLeadElsewhere) in _parts)
        {
            var value = TemplateValues.Expand(part, request);
            location.Append(mayLeadElsewhere ? OfThisHost(value, part.Parts[0].Variable) : value);
        }

        return UrlText.Escape(location.ToString(), keepsFragment: true);
    }

    /// <summary>
    /// A target that begins with two slashes, by itself in a parameter, is another site to a page that sends the client back there. One
    /// slash means the same here: paths are matched with their slashes merged.
    /// </summary>
    private static string OfThisHost(string target, TemplateVariable variable)
    {
        var slash = variable == TemplateVariable.EscapedRequestUri ? "%2F" : "/";
        var start = 0;
        while (string.CompareOrdinal(target, start + slash.Length, slash, 0, slash.Length) == 0)
            start += slash.Length;
        return target[start..];
    }
}
