using IngressController.Proxy;
using IngressController.Routing.Features.Redirects;

namespace IngressController.Features.Redirects;

/// <summary>Sends the root of a host to its application.</summary>
internal sealed class AppRootStep(AppRootPolicy policy, OwnAnswers answers) : RequestStep
{
    public override string Name => "app root";

    public override string Describe() => $"302 to {policy.Path}";

    public override async ValueTask<bool> InvokeAsync(HttpContext context, ProxyRoute route)
    {
        var request = context.Request;
        var origin = policy.IsRelative || request.Headers.Host.Count == 0 ? "" : $"{request.Scheme}://{request.Headers.Host}";
        await answers.RedirectAsync(context, StatusCodes.Status302Found, $"{origin}{policy.Path}");
        return false;
    }
}
