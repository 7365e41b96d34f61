# bash completion of conclave(1), made from its options
_conclave()
{
	local cur=${COMP_WORDS[COMP_CWORD]}
	local prev=${COMP_WORDS[COMP_CWORD - 1]}
	COMPREPLY=()
	case $prev in
	--password-file|--invite-file|-i|--identity|--certificate|--key|--known-servers|--known-people)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	-n|--name|-p|--password|--account|--rsa-bits|--room|--ca|--export-folder|--save-folder|--send-folder|--accept|--transcript|--transcript-size|--forget-server|--notify|--held|--escape-wait)
		return ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W '--name --password --password-file --invite-file --account --identity --new-passphrase --rsa-bits --room --ca --certificate --key --known-servers --known-people --export-folder --save-folder --send-folder --accept --transcript --transcript-direct --transcript-size --forget-server --tui --plain --json --ascii --notify --held --no-delivery-receipts --no-title --escape-wait --no-sandbox --require-pq --strict --no-reconnect --write-config --version --help' -- "$cur")
}
complete -o filenames -F _conclave conclave
