using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Routing.Features.Headers;
using Microsoft.Extensions.Primitives;

namespace IngressController.Features.Headers;

/// <summary>request-headers: removes, sets and adds headers of requests to the backend.</summary>
internal sealed class RequestHeadersChange : RequestChange
{
    private readonly string[] _removed;
    private readonly HeaderValue[] _added;

    public RequestHeadersChange(HeaderChanges changes)
    {
        // Headers to set are removed first, so that they have one value.
        _removed = [.. changes.Remove, .. changes.Set.Select(field => field.Name)];
        _added = HeaderValue.Of(changes.Set.Concat(changes.Add));
    }

    public static RequestHeadersChange? Create(PlanContext context) =>
        context.Policy<RequestHeadersPolicy>() is { } policy ? new RequestHeadersChange(policy.Changes) : null;

    public override void Apply(ProxyRequest request, BackendHeaders headers)
    {
        foreach (var name in _removed)
            headers.Remove(name);
        foreach (var header in _added)
        {
            // A value of variables can be empty; as in nginx, the header is not sent then.
            if (header.Of(request).ToString() is { Length: > 0 } value)
                headers.Add(header.Name, value);
        }
    }
}

/// <summary>response-headers: removes, sets and adds headers of every response.</summary>
internal sealed class ResponseHeadersChange(HeaderChanges changes) : ResponseChange
{
    private readonly string[] _removed = [.. changes.Remove];
    private readonly HeaderValue[] _set = HeaderValue.Of(changes.Set);
    private readonly HeaderValue[] _added = HeaderValue.Of(changes.Add);

    public static ResponseHeadersChange? Create(PlanContext context) =>
        context.Policy<ResponseHeadersPolicy>() is { } policy ? new ResponseHeadersChange(policy.Changes) : null;

    /// <summary>custom-headers: sets the headers of a ConfigMap.</summary>
    public static ResponseHeadersChange? CreateCustom(PlanContext context) =>
        context.Policy<CustomHeadersPolicy>() is { } policy ? new ResponseHeadersChange(new HeaderChanges(policy.Headers, [], [])) : null;

    public override void Apply(ProxyRequest request, bool isLocal)
    {
        var headers = request.Context.Response.Headers;
        foreach (var name in _removed)
            headers.Remove(name);
        foreach (var header in _set)
            headers[header.Name] = header.Of(request);
        foreach (var header in _added)
            headers[header.Name] = StringValues.Concat(headers[header.Name], header.Of(request));
    }
}
