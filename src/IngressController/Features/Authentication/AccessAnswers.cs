using System.Globalization;
using IngressController.Proxy;
using IngressController.Routing.Features.Authentication;

namespace IngressController.Features.Authentication;

/// <summary>What a client gets that is not let in.</summary>
internal sealed class AccessAnswers(OwnAnswers answers, SignInPage? signIn)
{
    public static AccessAnswers Create(StepContext context) => new(
        context.Services.Answers, context.Policy<ExternalAuthPolicy>() is { SignIn: { } page } ? new SignInPage(page) : null);

    public Task WriteAsync(HttpContext context, ProxyRoute route, AccessRefusal refusal)
    {
        // As in nginx the page stands in for every 401 of the route, that of basic authentication too.
        if (refusal.Status == StatusCodes.Status401Unauthorized && signIn is not null)
            return answers.RedirectAsync(context, StatusCodes.Status302Found, signIn.Location(context, route));
        if (!context.Response.HasStarted)
        {
            if (refusal.Challenge.Count > 0)
                context.Response.Headers.WWWAuthenticate = refusal.Challenge;
            if (refusal.RetryAfter is { } seconds)
                context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        return answers.WriteAsync(context, refusal.Status, refusal.Title, refusal.Detail);
    }
}
