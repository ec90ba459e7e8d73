using IngressController.Pipeline;
using IngressController.Routing.Features.Headers;
using Microsoft.Extensions.Primitives;

namespace IngressController.Features.Headers;

/// <summary>A header field to write. Without variables its value is made once.</summary>
internal sealed class HeaderValue(HeaderField definition)
{
    private readonly StringValues _literal = definition.Value.IsLiteral ? definition.Value.LiteralText : StringValues.Empty;

    public string Name => definition.Name;

    public StringValues Of(ProxyRequest request) => definition.Value.IsLiteral ? _literal : TemplateValues.ExpandHeader(definition.Value, request);

    public static HeaderValue[] Of(IEnumerable<HeaderField> fields) => [.. fields.Select(field => new HeaderValue(field))];
}
