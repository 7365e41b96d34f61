# bash completion of conclavectl(8)
_conclavectl()
{
	local cur=${COMP_WORDS[COMP_CWORD]}
	local prev=${COMP_WORDS[COMP_CWORD - 1]}
	local commands='status rooms people kick ban unban mute unmute role invite invites revoke accounts forget files password audit reload metrics backup ca check'
	local word
	COMPREPLY=()
	case $prev in
	-s|--state|--ca)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return ;;
	--control|--password-file|--config|--identity)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--user)
		mapfile -t COMPREPLY < <(compgen -u -- "$cur")
		return ;;
	--role)
		mapfile -t COMPREPLY < <(compgen -W 'owner operator member guest' -- "$cur")
		return ;;
	-n|--count|--for|-r|--reason|--uses|--room)
		return ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--state --control --json --count --follow --all --verify --for --reason --uses --role --room --password-file --config --user --ca --name --identity --ed25519 --version --help' -- "$cur")
		return
	fi
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ " $commands " == *" $word "* ]] && return
	done
	mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur")
}
complete -o filenames -F _conclavectl conclavectl
