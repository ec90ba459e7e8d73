using IngressController.Pipeline;
using IngressController.Routing.Features.Cors;

namespace IngressController.Features.Cors;

/// <summary>Replies to OPTIONS requests of allowed origins. <see cref="CorsHeaders"/> sets the headers.</summary>
internal sealed class CorsPreflight(CorsPolicy policy, LocalReplies replies) : RequestStep
{
    public override string Name => "CORS preflight";

    public static CorsPreflight? Create(PlanContext context) =>
        context.Policy<CorsPolicy>() is { } policy ? new CorsPreflight(policy, context.Replies) : null;

    public override string Describe(Revision revision) =>
        $"204 to OPTIONS from {(policy.Origins is { } origins ? origins.Count == 0 ? "no origin" : string.Join(", ", origins) : "any origin")}";

    public override async ValueTask<bool> InvokeAsync(ProxyRequest request)
    {
        var context = request.Context;
        if (!HttpMethods.IsOptions(context.Request.Method) || !policy.Allows(context.Request.Headers.Origin.ToString()))
            return true;
        // As in ingress-nginx, except for Content-Length, which RFC 9110, 8.6 forbids with 204.
        context.Response.ContentType = "text/plain charset=UTF-8";
        await replies.WriteEmptyAsync(request, StatusCodes.Status204NoContent);
        return false;
    }
}
