using System.Globalization;
using IngressController.Pipeline;

namespace IngressController.Features.AccessControl;

/// <summary>Replies to clients that are denied access.</summary>
/// <param name="replies">Writes the replies.</param>
/// <param name="signInPage">The page to which clients with a 401 are redirected; null if no check of the route has one.</param>
internal sealed class AccessReplies(LocalReplies replies, Func<ProxyRequest, string>? signInPage)
{
    public Task WriteAsync(ProxyRequest request, AccessRefusal refusal)
    {
        // As in nginx, the page replaces every 401 of the route, including that of basic authentication.
        if (refusal.Status == StatusCodes.Status401Unauthorized && signInPage is not null)
            return replies.RedirectAsync(request, StatusCodes.Status302Found, signInPage(request));
        var response = request.Context.Response;
        if (!response.HasStarted)
        {
            if (refusal.Challenge.Count > 0)
                response.Headers.WWWAuthenticate = refusal.Challenge;
            if (refusal.RetryAfter is { } seconds)
                response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        return replies.WriteAsync(request, refusal.Status, refusal.Title, refusal.Detail);
    }
}
