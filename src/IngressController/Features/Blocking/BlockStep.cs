using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using IngressController.Pipeline;
using IngressController.Routing.Expressions;
using IngressController.Routing.Features.Blocking;

namespace IngressController.Features.Blocking;

/// <summary>block-cidrs, block-user-agents and block-referers: replies 403 to clients that the operator denies on all routes.</summary>
internal sealed class BlockStep(BlockRules rules, LocalReplies replies) : RequestStep
{
    public override string Name => "block lists";

    public static RequestStep? Create(PlanContext context) =>
        context.Policy<BlockPolicy>() is { } policy ? new BlockStep(BlockRules.Of(policy), context.Replies) : null;

    public override string Describe(Revision revision) => $"403: {rules.Policy}";

    public override ValueTask<bool> InvokeAsync(ProxyRequest request) =>
        rules.Blocks(request.Context) ? RefuseAsync(request) : ValueTask.FromResult(true);

    private async ValueTask<bool> RefuseAsync(ProxyRequest request)
    {
        await replies.WriteAsync(request, StatusCodes.Status403Forbidden, "Forbidden", "this client is blocked");
        return false;
    }
}

/// <summary>The compiled block lists, shared by all routes.</summary>
internal sealed class BlockRules
{
    private static readonly ConditionalWeakTable<BlockPolicy, BlockRules> Compiled = [];

    private readonly Values _userAgents;
    private readonly Values _referers;

    private BlockRules(BlockPolicy policy)
    {
        Policy = policy;
        _userAgents = new Values(policy.UserAgents);
        _referers = new Values(policy.Referers);
    }

    public BlockPolicy Policy { get; }

    public static BlockRules Of(BlockPolicy policy) => Compiled.GetValue(policy, static policy => new BlockRules(policy));

    public bool Blocks(HttpContext context) =>
        (context.Connection.RemoteIpAddress is { } client && Policy.Cidrs.Contains(client))
        || _userAgents.Matches(context.Request.Headers.UserAgent.ToString())
        || _referers.Matches(context.Request.Headers.Referer.ToString());

    /// <summary>Texts and regular expressions. As in nginx, a missing header is compared as an empty one.</summary>
    private sealed class Values(EquatableArray<TextPattern> patterns)
    {
        private readonly HashSet<string> _texts =
            patterns.Where(pattern => pattern.Match == TextMatch.Whole).Select(pattern => pattern.HeaderText).ToHashSet(StringComparer.OrdinalIgnoreCase);

        private readonly CompiledExpression[] _expressions = [.. patterns.Where(pattern => pattern.Match != TextMatch.Whole).Select(pattern => pattern.Compile())];

        public bool Matches(string value)
        {
            if (_texts.Contains(value))
                return true;
            foreach (var expression in _expressions)
            {
                if (IsMatch(expression, value))
                    return true;
            }

            return false;
        }

        /// <summary>A timeout counts as a match, so that the client is denied.</summary>
        private static bool IsMatch(CompiledExpression expression, string value)
        {
            try
            {
                return expression.IsMatch(value);
            }
            catch (RegexMatchTimeoutException)
            {
                return true;
            }
        }
    }
}
