using System.Text;
using IngressController.Pipeline;

namespace IngressController.Features.ExternalAuthentication;

/// <summary>The page to which clients that are not signed in are redirected (auth-signin).</summary>
internal sealed class SignInPage(ValueTemplate url)
{
    private readonly (TemplatePart Part, bool CanChangeHost)[] _parts = [.. Enumerable.Range(0, url.Parts.Count).Select(i => (
        url.Parts[i],
        url.Parts[i].Variable is TemplateVariable.RequestUri or TemplateVariable.EscapedRequestUri
            && !(i > 0 && url.Parts[i - 1].Variable is TemplateVariable.Host or TemplateVariable.HttpHost or TemplateVariable.ServerPort or TemplateVariable.ServerName)))];

    public string Location(ProxyRequest request)
    {
        var location = new StringBuilder();
        foreach (var (part, canChangeHost) in _parts)
        {
            var value = RedirectLocation.Of(part, request);
            location.Append(canChangeHost ? TrimLeadingSlashes(value, part.Variable) : value);
        }

        return UrlText.Escape(location.ToString(), keepsFragment: true);
    }

    /// <summary>
    /// Reduces leading slashes to one. A sign-in page that redirects the client back to a target with two leading slashes would redirect to
    /// another host. Here one slash is equivalent, because paths are matched with merged slashes.
    /// </summary>
    private static string TrimLeadingSlashes(string target, TemplateVariable variable)
    {
        var slash = variable == TemplateVariable.EscapedRequestUri ? "%2F" : "/";
        var start = 0;
        while (string.CompareOrdinal(target, start + slash.Length, slash, 0, slash.Length) == 0)
            start += slash.Length;
        return target[start..];
    }
}
