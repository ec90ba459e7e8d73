namespace IngressController.Routing.Expressions;

/// <summary>The text is no expression of PCRE, or contains a construct that cannot be matched here as PCRE does.</summary>
internal sealed class UnsupportedExpressionException(string problem) : Exception(problem);
